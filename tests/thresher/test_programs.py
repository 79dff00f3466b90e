"""Comments are told from programs, in whatever family of languages, and in time."""

from __future__ import annotations

import pytest

from thresher.programs import code_alone, without_comments


@pytest.mark.parametrize(
    ("language", "program", "kept"),
    [
        (
            "GNU C++17 (64)",
            'cout << "// no"; // by Wren\nint a = 1\'000; /* Wren\nGull */ int b;',
            'cout << "// no";\nint a = 1\'000;   int b;',
        ),
        ("GNU C11", "#include <a.h>\nchar c = '\"'; // Wren", "#include <a.h>\nchar c = '\"';"),
        ("MS C++ 2017", 'auto s = R"x(// kept)" )x"; // Wren', 'auto s = R"x(// kept)" )x";'),
        ("Clang++20 Diagnostics", "int a; // by \\\nWren\nint b;", "int a;\nint b;"),
        ("Java 11", "char q = '\\''; // Wren\nString s = \"/*\";", "char q = '\\'';\nString s = \"/*\";"),
        ("Rust 2021", "fn f<'a>(x: &'a str) {} // Wren", "fn f<'a>(x: &'a str) {}"),
        ("C# 8", '#region Wren\nvar p = @"C:\\"; // Wren\n#endregion', 'var p = @"C:\\";'),
        (".NET Core C#", "var a = 1; // Wren", "var a = 1;"),
        ("Node.js", "let a = '//' + `# ${b} //`; // Wren", "let a = '//' + `# ${b} //`;"),
        ("PyPy 3-64", "#!/usr/bin/wren\nprint('#')  # Wren\nx = '''# kept'''", "print('#')\nx = '''# kept'''"),
        ("Python 2", 'def f():\n    """By Wren."""\n    return "\\"#"', 'def f():\n    \'\'\n    return "\\"#"'),
        ("Delphi 7", "{$APPTYPE CONSOLE} { Wren } writeln('{it''s}'); (* Wren *) // Wren", "{$APPTYPE CONSOLE}   writeln('{it''s}');"),
        ("FPC", "begin { never closed by Wren", "begin"),
    ],
)
def test_comments_are_left_out_and_nothing_else(language: str, program: str, kept: str) -> None:
    assert without_comments(program, language) == kept


def test_of_a_language_that_is_not_covered_nobody_can_tell() -> None:
    for language in ("Befunge", "Haskell", "", "Cobol"):
        assert without_comments("-- by Wren", language) is None
        assert code_alone("-- by Wren", language) == ""


def test_code_alone_has_no_words_of_texts() -> None:
    assert code_alone('puts("sort("); // sort(', "GNU C++14") == 'puts(""); '


@pytest.mark.parametrize("language", ["GNU C++17", "C# 8", "Node.js", "Python 3", "Delphi 7"])
@pytest.mark.parametrize("piece", ["a b ", '"\\', "'", "/*", 'R"(', "'''", '"""\n', "{", "(*", "1'", "//\\\n", '@"', "`"])
def test_no_program_takes_longer_than_its_length(language: str, piece: str) -> None:
    program = piece * (400_000 // len(piece))  # where time grew with the square of it, this would take hours
    assert without_comments(program, language) is not None

"""What sources write in, as text: HTML, Markdown, CNXML, MathML. Pure."""

"""The one way to ask a language model: any server with an OpenAI-compatible /v1/chat/completions, hosted or local.

``settings`` says which models there are, ``ask.Asker`` asks one of them under its limits and a budget and gives each question a typed
``answers.Answer``, and ``kept.Kept`` holds what was answered so that nobody is asked twice.
"""

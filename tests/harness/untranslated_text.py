"""Finds in a file's source what reads like a sentence and does not go through the catalogue."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

_SAID = {"_": 1, "N_": 1, "ngettext": 2}
_LOGS = {"_log", "log", "logger", "logging", "structlog"}
_CODE = {"compile", "cast", "TypeVar", "NewType", "text", "removeprefix"}
"""Functions whose texts are patterns, types, SQL, or what other programs write."""

_FOR_PEOPLE = {"ValueError"}
"""Errors whose words may be shown; those of all others are for logs and developers."""

_STORED = {"note", "reason", "before", "after", "what", "detail"}
"""Fields of the ledger, the jobs and the audit trail, which are kept in English."""

_MENTION = re.compile(r"<[@#/:t][^>]*>")
_MARKUP = re.compile(r'\w="')
_FOR_DISCORD = re.compile(r"<[@#]|<t:|\*\*|`|\]\(")
_VALUE = "\0"


def reads_like_a_sentence(text: str) -> bool:
    """Return whether two neighbouring words are letters, or one of them and the other a value."""
    if _MARKUP.search(text):
        return False
    kinds = [_kind(token) for token in _MENTION.sub(_VALUE, text).split()]
    return any(pair in ("ww", "wv", "vw") for pair in map("".join, pairwise(kinds)))


def _kind(token: str) -> str:
    if re.search(r"[^\W\d_]", token):
        return "w"
    return "v" if _VALUE in token else "-"


def untranslated_sentences(source: str, *, is_cogs: bool) -> Iterator[tuple[int, str]]:
    """Give line and text of each sentence outside `t`, `n` and `mark`, and of each one glued."""
    finder = _Finder(stored=set() if is_cogs else _STORED)
    finder.visit(ast.parse(source))
    yield from sorted(finder.found)


def translated_at_import(source: str) -> Iterator[int]:
    """Give the lines where a sentence is said before anybody could choose a language."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call) and _name(node.func) in ("_", "ngettext"):
            yield node.lineno
        waiting.extend(_run_at_import(node))


def sentences_for_members(source: str) -> Iterator[int]:
    """Give the lines where a sentence is said or noted, or something is marked up for Discord."""
    tree = ast.parse(source)
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in _SAID:
                yield node.lineno
            case ast.Constant(value=str(text)) if id(node) not in docs and _FOR_DISCORD.search(
                text
            ):
                yield node.lineno
            case _:
                pass


def _run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Give the parts of some code that run with it: of functions their defaults and decorators."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from (*node.decorator_list, node.args)
        case ast.Lambda():
            yield node.args
        case _:
            yield from ast.iter_child_nodes(node)


class _Finder(ast.NodeVisitor):
    def __init__(self, stored: set[str]) -> None:
        self.found: list[tuple[int, str]] = []
        self._stored = stored

    def visit_Call(self, node: ast.Call) -> None:
        name = _name(node.func)
        if name in _SAID and isinstance(node.func, ast.Name):
            self._visit_said(node, _SAID[name])
            return
        if _root(node.func) in _LOGS or name in _CODE or name == "__init__":
            return
        for argument in node.args:
            self.visit(argument)
        for keyword in node.keywords:
            if keyword.arg not in self._stored:
                self.visit(keyword.value)
        self.visit(node.func)

    def _visit_said(self, node: ast.Call, sentences: int) -> None:
        for sentence in node.args[:sentences]:
            if isinstance(sentence, ast.JoinedStr | ast.BinOp | ast.IfExp):
                self.found.append((node.lineno, f"glued inside {_name(node.func)}()"))
        for value in (*node.args[sentences:], *(keyword.value for keyword in node.keywords)):
            self.visit(value)

    def visit_Raise(self, node: ast.Raise) -> None:
        error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if error is not None and _name(error) in _FOR_PEOPLE:
            self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        self.visit(node.test)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        is_enum = any(_name(base) in ("StrEnum", "Enum") for base in node.bases)
        for statement in node.body:
            if not (is_enum and isinstance(statement, ast.Assign)):
                self.visit(statement)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_arg(self, node: ast.arg) -> None:
        """Pass by annotations, which may be texts."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        parts = (part.value if isinstance(part, ast.Constant) else _VALUE for part in node.values)
        self._look_at(node, "".join(map(str, parts)))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._look_at(node, node.value)

    def _look_at(self, node: ast.expr, text: str) -> None:
        if reads_like_a_sentence(text):
            self.found.append((node.lineno, text.replace(_VALUE, "{}")))


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return _name(value)
        case _:
            return ""


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""

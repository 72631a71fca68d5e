"""What type an expression of the code has, as far as the annotations within its reach tell."""

import ast
import inspect
import operator
from collections.abc import Iterable, Iterator
from functools import reduce
from types import GenericAlias, ModuleType, NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

_UNKNOWN: Final = object()
_NUMBERS: Final = frozenset({"int", "len", "round"})


class Annotations:
    """The types of the names in one function of a module."""

    def __init__(self, module: ModuleType, function: ast.FunctionDef) -> None:
        self._module = module
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        said = {each.arg: ast.unparse(each.annotation) for each in arguments if each.annotation}
        nodes = list(ast.walk(function))
        said |= {
            node.target.id: ast.unparse(node.annotation)
            for node in nodes
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        holder = type("Said", (), {"__annotations__": said})
        self._names: dict[str, Any] = get_type_hints(holder, vars(module), include_extras=True)
        assigned: list[tuple[ast.Name, ast.expr, bool]] = []
        for node in nodes:
            match node:
                case ast.Assign(targets=[ast.Name() as name], value=value):
                    assigned.append((name, value, False))
                case (
                    ast.For(target=ast.Name() as name, iter=value)
                    | ast.comprehension(target=ast.Name() as name, iter=value)
                ):
                    assigned.append((name, value, True))
        for name, value, inside in sorted(assigned, key=lambda each: (each[0].lineno, each[0].col_offset)):
            kind = self._of(value)
            self._names.setdefault(name.id, _element(kind) if inside else kind)

    def of(self, expression: ast.expr) -> Any:
        """The annotation of an expression's value. Raises TypeError where none tells."""
        kind = self._of(expression)
        if kind is _UNKNOWN:
            raise TypeError(
                f"{self._module.__name__}, line {expression.lineno}: no annotation tells what "
                f"{ast.unparse(expression)} is; assign it to an annotated name first"
            )
        return kind

    def _of(self, expression: ast.expr) -> Any:
        match expression:
            case ast.Constant(value=value):
                return Literal[value]
            case ast.Name(id=name) if name in self._names:
                return self._names[name]
            case ast.Name(id=name) if isinstance(constant := vars(self._module).get(name), int | float | str):
                return type(constant)
            case ast.Attribute(value=value, attr=name):
                return any_of(_attribute(owner, name) for owner in _owners(self._of(value)))
            case ast.IfExp(body=one, orelse=other):
                return any_of((self._of(one), self._of(other)))
            case ast.BoolOp(values=values):
                return any_of(map(self._of, values))
            case ast.BinOp(left=left):
                return _plain(self._of(left))
            case ast.Subscript(value=value, slice=ast.Slice()):
                return self._of(value)
            case ast.Subscript(value=value):
                return _element(self._of(value))
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return _list_of(
                    _element(self._of(each.value)) if isinstance(each, ast.Starred) else self._of(each)
                    for each in elements
                )
            case ast.GeneratorExp(elt=element) | ast.ListComp(elt=element):
                return _list_of((self._of(element),))
            case ast.Call(func=ast.Name(id=name), args=[many]) if name in {"max", "min"}:
                return _element(self._of(many))
            case ast.Call(func=ast.Name(id=name), args=several) if name in {"max", "min"}:
                return any_of(map(self._of, several))
            case ast.Call(func=ast.Name(id="sum"), args=[many, *_]):
                return _plain(_element(self._of(many)))
            case ast.Call(func=ast.Name(id="sorted"), args=[many]):
                return self._of(many)
            case ast.Call(func=ast.Name(id=name)) if name in _NUMBERS:
                return int
            case ast.Call(func=ast.Name(id=name)):
                return _returned(getattr(self._module, name, None))
            case ast.Call(func=ast.Attribute(value=value, attr=name)):
                return any_of(_returned(getattr(owner, name, None)) for owner in _owners(self._of(value)))
        return _UNKNOWN


def _attribute(owner: Any, name: str) -> Any:
    """The type of an attribute: a field's or a property's."""
    if not isinstance(owner, type):
        return _UNKNOWN
    found = inspect.getattr_static(owner, name, None)
    if isinstance(found, property):
        return _returned(found.fget)
    return get_type_hints(owner, include_extras=True).get(name, _UNKNOWN)


def _returned(function: Any) -> Any:
    if not inspect.isfunction(function):
        return _UNKNOWN
    return get_type_hints(function, include_extras=True).get("return", _UNKNOWN)


def _owners(kind: Any) -> Iterator[Any]:
    """The types that have the attributes of a value of this type; None has none, so the code has seen to it."""
    if get_origin(kind) is Annotated:
        yield from _owners(get_args(kind)[0])
    elif get_origin(kind) in (Union, UnionType):
        for member in get_args(kind):
            yield from _owners(member)
    elif kind is not NoneType:
        yield kind


def _element(kind: Any) -> Any:
    """What a list or another collection holds."""
    arguments = [each for each in get_args(_plain(kind)) if each is not Ellipsis]
    return any_of(arguments) if arguments else _UNKNOWN


def _plain(kind: Any) -> Any:
    """A type without its bounds: what is computed of two amounts need not be one."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _list_of(kinds: Iterable[Any]) -> Any:
    kind: Any = any_of(kinds)
    return _UNKNOWN if kind is _UNKNOWN else GenericAlias(list, (kind,))


def any_of(kinds: Iterable[Any]) -> Any:
    """The union of types; literals become one."""
    found = list(dict.fromkeys(kinds))
    if not found or _UNKNOWN in found:
        return _UNKNOWN
    literals = [value for kind in found if get_origin(kind) is Literal for value in get_args(kind)]
    others = [kind for kind in found if get_origin(kind) is not Literal]
    return reduce(operator.or_, [*others, *([Literal[tuple(literals)]] if literals else [])])

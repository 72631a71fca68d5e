"""What is taken for right: the bounds of a deployment's judgement, which decisions are told by their `Context`.

    class Plausible(Bounds):
        most_watts: Bound = 2_000
        \"\"\"Of one lamp: beyond it somebody has entered milliwatts.\"\"\"

    @lamps.decides(by="epci", when="dark")
    def refit(lamp: Lamp, command: Refit, context: Context) -> LampRefitted:
        if command.watts > context.of(Plausible).most_watts: ...

Each is a setting of the same name in capitals, `MOST_WATTS`, of a service that says `bounds=Plausible`. What a value
may be at all is none of them: that is published, and the same everywhere.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True)
class Is:
    """What a setting is, in words: said after "must be", in place of the value, which may hold a password."""

    words: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.custom_error_schema(
            handler(source), custom_error_type="setting", custom_error_message=f"must be {self.words}"
        )


Bound = Annotated[int, Field(gt=0), Is("a whole number, 1 or more")]


class Bounds(BaseModel):
    """A service's bounds. Each says what it takes for right unless a deployment says otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True)

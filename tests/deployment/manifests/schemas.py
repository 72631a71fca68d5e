"""The schemas of custom resources, out of the definitions that a cluster is given: what they lack is refused."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from jsonschema import Draft202012Validator

from manifests.objects import Manifest, Manifests, called
from manifests.rendering import MODULES, go, kept

DEFINITIONS: Final[Mapping[str, str]] = {
    "github.com/cert-manager/cert-manager": "deploy/crds",
    "github.com/cloudnative-pg/cloudnative-pg": "config/crd/bases",
    "github.com/cloudnative-pg/plugin-barman-cloud": "config/crd/bases",
    "github.com/external-secrets/external-secrets": "config/crds/bases",
    "github.com/kedacore/keda/v2": "config/crd/bases",
    "github.com/prometheus-operator/prometheus-operator": "example/prometheus-operator-crd",
    "sigs.k8s.io/gateway-api": "config/crd/standard",
}
"""Where each module has its definitions."""
STRIMZI: Final = ("kafka.Kafka", "nodepool.KafkaNodePool", "topic.KafkaTopic", "user.KafkaUser")
OLDEST_JAVA: Final = 21
BUILT_IN: Final = re.compile(r"([a-z]+/|networking\.k8s\.io/)?v[0-9]+")
"""API versions of Kubernetes itself."""
Schema = dict[str, Any]


class _Loader(yaml.CSafeLoader):
    """Reads a lone `=`, which YAML once meant something by and definitions list among operators, as text."""


def _text(loader: _Loader, node: yaml.ScalarNode) -> object:
    return loader.construct_scalar(node)


_Loader.add_constructor("tag:yaml.org,2002:value", _text)


@cache
def definitions() -> Mapping[tuple[str, str], Draft202012Validator]:
    """A validator for each custom resource, by its API version and kind."""
    found: dict[tuple[str, str], Draft202012Validator] = {}
    for folder in (*_modules(), _strimzi()):
        for path in sorted(folder.glob("*.yaml")):
            for definition in yaml.load_all(path.read_text(), _Loader):
                if definition and definition["kind"] == "CustomResourceDefinition":
                    found |= _validators(definition)
    return found


def invalid(manifests: Manifests) -> Iterator[str]:
    """What the schemas of custom resources refuse."""
    for each in manifests.objects:
        if BUILT_IN.fullmatch(each["apiVersion"]):
            continue
        validator = definitions().get((each["apiVersion"], each["kind"]))
        if validator is None:
            yield f"{called(each)}: no definition knows {each['apiVersion']}"
            continue
        for error in validator.iter_errors(each):
            yield f"{called(each)}: {error.json_path}: {error.message}"


def _modules() -> Iterator[Path]:
    command = [go(), "mod", "download", "-json"]
    environment = {**os.environ, "GOFLAGS": "-mod=readonly"}
    told = subprocess.run(
        command, cwd=MODULES / "crds", env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    decoder, place = json.JSONDecoder(), 0
    while place < len(told.rstrip()):
        module, place = decoder.raw_decode(told, place)
        place += len(told[place:]) - len(told[place:].lstrip())
        yield Path(module["Dir"]) / DEFINITIONS[module["Path"]]


def _strimzi() -> Path:
    """Strimzi's definitions, generated the first time from its published classes, as its own build does."""
    pom = MODULES / "crds" / "pom.xml"
    folder = kept() / f"strimzi-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}"
    if not folder.is_dir():
        maven = shutil.which("mvn")
        assert maven, "Maven is needed: apt-get install maven"
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
            jars, made = Path(fresh) / "jars", Path(fresh) / "definitions"
            made.mkdir()
            copy = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={jars}"]
            subprocess.run(copy, check=True, stdout=subprocess.DEVNULL)
            models = [f"io.strimzi.api.kafka.model.{model}={made / f'{model}.yaml'}" for model in STRIMZI]
            generate = [_java(), "-cp", f"{jars}/*", "io.strimzi.crdgenerator.CrdGenerator", *models]
            subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
            made.rename(folder)
    return folder


def _java() -> str:
    """A Java that is young enough for Strimzi's classes; the services' Kafka takes an older one."""
    homes = [os.environ.get("JAVA_HOME"), *sorted(map(str, Path("/usr/lib/jvm").glob("*")), reverse=True)]
    for program in ("java", *(f"{home}/bin/java" for home in homes if home)):
        if path := shutil.which(program):
            told = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stderr
            version = re.search(r'version "(\d+)', told)
            if version and int(version[1]) >= OLDEST_JAVA:
                return path
    raise AssertionError(
        f"Java {OLDEST_JAVA} or later is needed: install one, such as temurin-25-jdk, or set JAVA_HOME"
    )


def _validators(definition: Manifest) -> Iterator[tuple[tuple[str, str], Draft202012Validator]]:
    group, kind = definition["spec"]["group"], definition["spec"]["names"]["kind"]
    for version in definition["spec"]["versions"]:
        if version["served"]:
            schema = _closed(version["schema"]["openAPIV3Schema"])
            for field in ("apiVersion", "kind", "metadata"):
                schema.setdefault("properties", {})[field] = {}
            yield (f"{group}/{version['name']}", kind), Draft202012Validator(schema)


def _closed(schema: Schema) -> Schema:
    """The schema as a cluster that refuses unknown fields takes it, in the words of JSON Schema."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    closed = dict(schema)
    if "properties" in closed:
        closed["properties"] = {name: _closed(each) for name, each in closed["properties"].items()}
        if not closed.get("x-kubernetes-preserve-unknown-fields"):
            closed.setdefault("additionalProperties", False)
    if isinstance(closed.get("additionalProperties"), dict):
        closed["additionalProperties"] = _closed(closed["additionalProperties"])
    if "items" in closed:
        closed["items"] = _closed(closed["items"])
    if closed.pop("nullable", False) and "type" in closed:
        closed["type"] = [closed["type"], "null"]
    return closed

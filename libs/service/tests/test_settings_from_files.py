"""What the environment leaves to files, and how Kafka's settings must go together."""

from pathlib import Path

import pytest

from devstack.certificates import Authority
from eventstore.bounds import Bound, Bounds
from eventstore.files import File, resolve
from service.running.settings import KafkaSettings, OwnSettings, Settings, SettingsError, bounds, load

COMPLETE = {
    "DATABASE_URL": "postgresql://lamps@localhost/lamps",
    "KAFKA_BOOTSTRAP": "localhost:9092",
    "OIDC_ISSUER": "https://issuer.test",
    "OIDC_AUDIENCE": "territory",
    "OIDC_JWKS_URL": "https://issuer.test/jwks",
}
URL = "postgresql://lamps:hunter2@db.test/lamps"
FOUND = "hunter2 is what nobody may read in a message"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)


def given(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def written(folder: Path, content: str) -> str:
    (folder / "setting").write_text(content)
    return str(folder / "setting")


def refused(kind: type[Settings] | type[KafkaSettings] = Settings) -> str:
    with pytest.raises(SettingsError) as unset:
        load(kind)
    assert "hunter2" not in str(unset.value)
    assert str(unset.value).endswith(".")
    return str(unset.value).removeprefix("Settings: ")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_may_be_said_by_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    authority = Authority(tmp_path / "authority")
    issued = authority.issue("lamps")
    fields = Settings.model_fields
    said = {
        **{each: str(about.default) for each, about in fields.items() if isinstance(about.default, str | int | float)},
        **{each.lower(): value for each, value in COMPLETE.items()},
        "topic_versions": "companies=2",
        "personal_key": "k" * 32,
        "public_url": "https://api.test",
        "smtp_url": "smtp://mail.test",
        "mail_from": "p@example.org",
        "cors_origins": "https://app.test",
        "metrics_port": "9464",
        "kafka_security_protocol": "SASL_SSL",
        "kafka_sasl_username": "lamps",
        "kafka_sasl_password": "hunter2",
        "kafka_ssl_ca": str(authority.certificate),
        "kafka_ssl_certificate": str(issued.certificate),
        "kafka_ssl_key": str(issued.key),
    }
    given(monkeypatch, **{each.upper(): value for each, value in said.items()})
    in_environment = load(Settings)
    monkeypatch.delenv(name.upper())
    monkeypatch.setenv(f"{name.upper()}_FILE", written(tmp_path, f"{said[name]}\n"))

    value = getattr(load(Settings), name)

    assert (resolve(value) if isinstance(value, File) else value) == getattr(in_environment, name)


def test_one_line_break_at_the_end_of_a_file_is_no_part_of_what_it_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given(monkeypatch, **COMPLETE, PERSONAL_KEY_FILE=written(tmp_path, f"{'k' * 32}\n\n"))
    assert load(Settings).personal_key == f"{'k' * 32}\n"


def test_a_setting_and_its_file_together_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(monkeypatch, **COMPLETE, DATABASE_URL_FILE=written(tmp_path, URL))
    assert refused() == "DATABASE_URL and DATABASE_URL_FILE are both set."


def test_a_file_that_cannot_be_read_is_named_by_its_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(monkeypatch, **COMPLETE, PERSONAL_KEY_FILE=str(tmp_path / "hunter2"))
    assert refused() == "PERSONAL_KEY_FILE names a file that cannot be read (No such file or directory)."
    given(monkeypatch, PERSONAL_KEY_FILE=str(tmp_path))
    assert refused() == "PERSONAL_KEY_FILE names a file that cannot be read (Is a directory)."
    (tmp_path / "latin").write_bytes(b"hunter2 \xe9")
    given(monkeypatch, PERSONAL_KEY_FILE=str(tmp_path / "latin"))
    assert refused() == (
        "PERSONAL_KEY_FILE names a file that cannot be read (Invalid or incomplete multibyte or wide character)."
    )


def test_what_a_file_says_is_checked_and_never_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    others = {name: value for name, value in COMPLETE.items() if name != "DATABASE_URL"}
    given(monkeypatch, **others, DATABASE_URL_FILE=written(tmp_path, FOUND))
    assert refused().startswith("DATABASE_URL is not an address of PostgreSQL")
    written(tmp_path, "")
    assert refused() == "DATABASE_URL is not set."


def test_secrets_that_servers_renew_are_read_again_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    again = {"database_url", "kafka_sasl_password", "smtp_url"}
    others = {name: value for name, value in COMPLETE.items() if name != "DATABASE_URL"}
    given(monkeypatch, **others, DATABASE_URL_FILE=written(tmp_path, URL))
    settings = load(Settings)
    written(tmp_path, URL.replace("hunter2", "hunter3"))
    assert "hunter3" in resolve(settings.database_url)
    assert {name for name, about in Settings.model_fields.items() if "File" in str(about.annotation)} == again


def test_bounds_and_settings_of_a_service_s_own_may_be_said_by_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Plausible(Bounds):
        most_watts: Bound = 2_000

    class Own(OwnSettings):
        lamp_name: str = "lamp"

    given(monkeypatch, MOST_WATTS_FILE=written(tmp_path, "70\n"), LAMP_NAME_FILE=written(tmp_path, "70\n"))
    assert bounds(Plausible).most_watts == 70
    assert load(Own).lamp_name == "70"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"KAFKA_SECURITY_PROTOCOL": "TLS"},
            "KAFKA_SECURITY_PROTOCOL must be PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.",
        ),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"},
            "KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD must be set, as KAFKA_SECURITY_PROTOCOL is SASL_SSL.",
        ),
        (
            {"KAFKA_SASL_PASSWORD": "hunter2"},
            "KAFKA_SASL_PASSWORD must not be set, as KAFKA_SECURITY_PROTOCOL is PLAINTEXT.",
        ),
        (
            {"KAFKA_SSL_CA": "/hunter2"},
            "KAFKA_SSL_CA must not be set, as KAFKA_SECURITY_PROTOCOL is PLAINTEXT.",
        ),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CERTIFICATE": "/hunter2"},
            "KAFKA_SSL_KEY must be set, as a certificate has a key.",
        ),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CA": "/hunter2"},
            "a file of KAFKA_SSL_… cannot be used (No such file or directory).",
        ),
    ],
)
def test_how_brokers_are_met_must_go_together(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    given(monkeypatch, KAFKA_BOOTSTRAP="localhost:9092", **variables)
    assert refused(KafkaSettings) == said


def test_a_certificate_and_the_key_of_another_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    given(
        monkeypatch,
        KAFKA_BOOTSTRAP="localhost:9092",
        KAFKA_SECURITY_PROTOCOL="SSL",
        KAFKA_SSL_CA=str(authority.certificate),
        KAFKA_SSL_CERTIFICATE=str(authority.issue("lamps").certificate),
        KAFKA_SSL_KEY=str(authority.issue("posts").key),
    )
    assert refused(KafkaSettings) == "a file of KAFKA_SSL_… cannot be used (no PEM, or of another key)."


def test_a_renewed_certificate_is_used_and_one_that_stayed_is_not_loaded_again(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    issued = authority.issue("lamps")
    settings = KafkaSettings(
        kafka_bootstrap="localhost:9092",
        kafka_security_protocol="SSL",
        kafka_ssl_ca=authority.certificate,
        kafka_ssl_certificate=issued.certificate,
        kafka_ssl_key=issued.key,
    )
    before = settings.brokers.tls()
    assert settings.brokers.tls() is before
    authority.issue("lamps")
    assert settings.brokers.tls() is not before

"""Compares profiles/profiles.schema.json with the broker's reader (`cryptobroker profiles validate`): both accept the
documents of the project and the examples of docs/profiles.md, and for edits of a section for proofs they agree."""

import json
import os
import pathlib
import re
import subprocess
import sys

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]

# A circuit of the broker with a key of its own, and a section with every key. `#a` to `#f` stand for hashes.
BUILT_IN = """\
        - Name: payment
          Key: { Path: payment.key, Sha256: #a }
          Fingerprint: #b
          Provenance:
            Class: ceremony-claimed
            Ceremony: "https://a.example/"
            MinContributions: 3
            PowersOfTau: { Name: p, Sha256: #c }
            Beacon: "00ff"
"""

SECTION = (
    """\
- Name: One
  API:
    Groth16:
      Curve: bn254
      Setup: by-request
      RequireCeremony: none
      AllowCallerKey: true
      Circuits:
        - multiply
"""
    + BUILT_IN
    + """\
        - Name: m
          Zkey: { Path: m.zkey, Sha256: #d }
          R1cs: { Path: m.r1cs, Sha256: #e }
          Wasm: { Path: m.wasm, Sha256: #f }
          Sym: { Path: m.sym, Sha256: #b }
          Provenance: { Class: ceremony-claimed, PowersOfTau: { Name: p, Sha256: #c } }
      Limits: { Constraints: 2048, WitnessBytes: 128KiB, BatchItems: 64, MemoryPerProof: 268435456, Deadline: 1.5s }
      Threads: 1
"""
)

OPEN = """\
      Setup: by-request
      RequireCeremony: none
      AllowCallerKey: true
      Circuits:
        - multiply
"""

VERIFIED = """\
      Setup: never
      RequireCeremony: verified
      AllowCallerKey: false
      Circuits:
"""

ACCEPTED = [
    ("bn254", "BN254"),
    ("by-request", "on-first-use"),
    ("      Setup: by-request\n", ""),
    ("AllowCallerKey: true", "AllowCallerKey: false"),
    ("- multiply", "- { Name: multiply }"),
    ("- multiply", "- { Name: multiply }\n        - cube_root"),
    ("          Fingerprint: #b\n", ""),
    ("          Sym: { Path: m.sym, Sha256: #b }\n", ""),
    ("Path: m.sym", "Path: /a/..b/c..d/.m.sym"),
    ("Name: m\n", "Name: 0_m-\n"),
    ("Sha256: #a", "Sha256: " + "ABCDEF0123456789" * 4),
    ("Limits: {", "Limits: {} #"),
    ("128KiB", "131072"),
    ("1.5s", "1m.5s"),
    (OPEN, "      RequireCeremony: claimed\n      Circuits:\n"),
    (OPEN + BUILT_IN, VERIFIED),
]

REFUSED = [
    ("      Curve: bn254\n", ""),
    ("bn254", "bn128"),
    ("bn254", "bls12-381"),
    ("by-request", "always"),
    ("RequireCeremony: none", "RequireCeremony: claimed"),
    (OPEN, "      RequireCeremony: claimed\n      Setup: on-first-use\n      Circuits:\n"),
    (OPEN, "      RequireCeremony: claimed\n      AllowCallerKey: true\n      Circuits:\n"),
    (OPEN, "      RequireCeremony: claimed\n      Circuits:\n        - multiply\n"),
    (OPEN, "      RequireCeremony: claimed\n      Circuits:\n        - Name: multiply\n"),
    (OPEN, VERIFIED),
    ("AllowCallerKey: true", "AllowCallerKey: 1"),
    ("- multiply", "- multipy"),
    ("- multiply", "- Name: a"),
    ("- multiply", "- Name: multiply\n          Zkey: { Path: a, Sha256: #a }"),
    ("- multiply", "- Name: multiply\n          Provenance: { Class: single-party }"),
    ("Name: m\n", "Name: a.b\n"),
    ("Name: m\n", "Name: -m\n"),
    ("{ Path: payment.key, Sha256: #a }", "payment.key"),
    ("Path: payment.key, ", ""),
    (", Sha256: #a }", " }"),
    ("Path: payment.key", "Path: ../payment.key"),
    ("Path: payment.key", "Path: a/.."),
    ("Path: payment.key", "Path: a/"),
    ("Sha256: #a", "Sha256: abc"),
    ("Fingerprint: #b", "Fingerprint: abc"),
    ("Class: ceremony-claimed\n", "Class: single-party\n"),
    ("Class: ceremony-claimed\n", "Class: ceremony-verified\n"),
    ("https://a.example/", "a.example"),
    ("MinContributions: 3", "MinContributions: 0"),
    ('"00ff"', '"0ff"'),
    ("Name: p, ", ""),
    ("          R1cs: { Path: m.r1cs, Sha256: #e }\n", ""),
    ("Zkey:", "ZKey:"),
    ("{ Class: ceremony-claimed, PowersOfTau: { Name: p, Sha256: #c } }", "{}"),
    ("Constraints: 2048", "Constraints: 0"),
    ("128KiB", "128KB"),
    ("BatchItems: 64", "BatchItems: 65537"),
    ("1.5s", "60"),
    ("1.5s", "-1s"),
    ("Threads: 1", "Threads: 2"),
    ("Threads: 1", "Colour: red"),
]


def edited(before, after):
    assert SECTION.count(before) >= 1, before
    text = SECTION.replace(before, after, 1)
    return re.sub("#([a-f])", lambda digit: f'"{digit[1] * 64}"', text)


def objections(validator, text):
    """Returns what the schema says against a document."""
    errors = validator.iter_errors(yaml.safe_load(text))
    return [f"/{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in errors]


def mistakes(text):
    """Returns what the broker says against a document."""
    command = [os.environ["CRYPTOBROKER"], "profiles", "validate", "-", "--as-fips"]
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert result.returncode in (0, 1), result.stderr
    return result.stdout.splitlines() if result.returncode else []


def documents():
    """Yields documents that are valid."""
    for name in ("profiles/Profiles.yaml", "profiles/FIPS-140-3-required.yaml", "docs/examples/serverauth.yaml"):
        yield name, (ROOT / name).read_text()
    examples = re.findall("```yaml\n(.*?)```", (ROOT / "docs/profiles.md").read_text(), re.DOTALL)
    assert len(examples) >= 2, len(examples)
    for number, text in enumerate(examples, 1):
        yield f"docs/profiles.md, example {number}", text
    yield "the section", edited("", "")
    for before, after in ACCEPTED:
        yield f"{before!r} -> {after!r}", edited(before, after)


def main():
    schema = json.loads((ROOT / "profiles/profiles.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failures, count = [], 0
    for name, text in documents():
        count += 1
        failures += [f"{name}: the schema refuses it: {text}" for text in objections(validator, text)]
        failures += [f"{name}: the broker refuses it: {text}" for text in mistakes(text)]
    for before, after in REFUSED:
        count += 1
        text, name = edited(before, after), f"{before!r} -> {after!r}"
        failures += [] if objections(validator, text) else [f"{name}: the schema accepts it"]
        failures += [] if mistakes(text) else [f"{name}: the broker accepts it"]
    print("\n".join([*failures, f"{count} documents, {len(failures)} failures"]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

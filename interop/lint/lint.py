"""Lints the certificates in the folder LINTED_CERTIFICATES_DIR with pkilint: all against RFC 5280 (lint_pkix_cert), and
those of the profile of docs/examples/serverauth.yaml against the Baseline Requirements of the CA/Browser Forum, too
(lint_cabf_serverauth_cert). exceptions.json lists the errors that are expected."""

import contextlib
import fnmatch
import io
import json
import os
import pathlib
import sys

from pkilint.bin import lint_cabf_serverauth_cert, lint_pkix_cert

SERVER_AUTH = "TLS-Server-OV.*"


def findings(linter, *options):
    """Runs a linter. Returns its name, and a code and a text for each finding."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        linter.main(["lint", "--severity", "ERROR", "--format", "JSON", *options])
    for result in json.loads(output.getvalue())["results"]:
        for finding in result["finding_descriptions"]:
            text = f"{result['node_path']}: {finding.get('message') or finding['severity']}"
            yield linter.__name__.rpartition(".")[2], finding["code"], text


def main():
    folder = pathlib.Path(os.environ["LINTED_CERTIFICATES_DIR"])
    exceptions = json.loads(pathlib.Path(__file__).with_name("exceptions.json").read_text())
    exceptions = [exception for exception in exceptions if exception["linter"] != "zlint"]
    used, failures = set(), []
    files = sorted(folder.glob("*.pem"))
    baseline = [file for file in files if fnmatch.fnmatch(file.stem, SERVER_AUTH)]
    for file in files:
        found = list(findings(lint_pkix_cert, str(file)))
        if file in baseline:
            found += findings(lint_cabf_serverauth_cert, "--type", "OV-FINAL-CERTIFICATE", str(file))
        for linter, code, text in found:
            matching = [
                number
                for number, exception in enumerate(exceptions)
                if (exception["linter"], exception["lint"]) == (linter, code)
                and fnmatch.fnmatch(file.stem, exception["certificates"])
            ]
            used.update(matching)
            if not matching:
                failures.append(f"{file.stem}: {linter}: {code}: {text}")
    for number, exception in enumerate(exceptions):
        if number not in used:
            failures.append(f"exceptions.json: {exception['certificates']} no longer have {exception['lint']}")
    if not baseline:
        failures.append(f"{folder} has no certificates {SERVER_AUTH}")
    for failure in failures:
        print(failure)
    print(f"{len(files)} certificates, {len(baseline)} by the Baseline Requirements too, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

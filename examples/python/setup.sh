#!/usr/bin/env bash
# Makes a virtual environment with gRPC, and generates the API from its protos.
set -eu
cd "$(dirname "$0")"
[ -x venv/bin/python ] || python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check -r requirements.txt
mkdir -p generated
venv/bin/python -m grpc_tools.protoc -I ../../proto --python_out=generated --grpc_python_out=generated ../../proto/tern/v1/*.proto

#!/usr/bin/env bash
# Installs the generators, generates the API from its protos, and builds.
set -eu
cd "$(dirname "$0")"
GOBIN="$PWD/bin" go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
GOBIN="$PWD/bin" go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.0
../../node_modules/.bin/buf generate ../../proto --template buf.gen.yaml --path ../../proto/tern/v1
go build -o bin/temperatures .

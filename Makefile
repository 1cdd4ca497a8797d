export CGO_ENABLED ?= 0
GO ?= go
# The name that go build looks for.
PROFILE = gateway/cmd/edge-gateway/default.pgo

.PHONY: help run build test test-long bench profile check clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build the gateway and serve the sample handlers, swapping them as you edit
	@bin/edge-gateway serve --config gateway/samples.toml --watch

build: ## build bin/edge-gateway
	@mkdir -p bin
	$(GO) build -trimpath -o bin/edge-gateway ./gateway/cmd/edge-gateway

test: ## run everything that takes minutes
	@.ci/test short

test-long: ## run the storms, the fuzzers and a soak too
	@.ci/test long

bench: ## measure against a native server, in process and on the wire
	@$(GO) test -run '^$$' -bench Beside -benchtime 1x -pgo=$(CURDIR)/$(PROFILE) ./gateway/internal/dispatch
	@$(GO) run ./bench

profile: ## record anew what the compiler optimises the gateway for
	@$(GO) run ./bench --profile $(PROFILE) --rounds 12

check: ## formatting, vet, and a build for every system claimed
	@.ci/check

clean: ## remove what was built and stored here
	rm -rf bin data

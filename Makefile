# The commands of everyday work. `make demo` and `make test` do all of their own set-up.
.PHONY: help setup demo lab check test test-clients test-page test-browser test-containers test-containers-quick up page images bench bench-record lint dependencies
.DEFAULT_GOAL := help

help: ## lists these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 22

setup: ## installs what the lab needs and this machine lacks
	@scripts/setup

demo: setup ## starts the whole system, kills RabbitMQ under load, says what was lost
	@scripts/build
	@scripts/faultline run scenarios/rabbitmq-killed.toml

lab: setup ## runs the system with the live lab: faults by a click, until Ctrl-C
	@scripts/page --if-node
	@scripts/build
	@scripts/faultline up --ui

check: ## format, lints, unit and property tests: what needs no server
	@scripts/lint
	@cargo test --lib --bins

test: setup ## every test, on real servers
	@scripts/build --tests
	@cargo test

test-clients: setup ## Toxiproxy's clients for Go, Node and Python against `faultline proxy`
	@scripts/build
	@scripts/test-clients

test-page: ## the page: that it can be built, types, and its tests; needs Node
	@scripts/page
	@cd client && npm run --silent check && npm test --silent

test-browser: setup ## the page, the live lab and a report in Chromium against the real system; needs Node
	@scripts/page
	@scripts/build
	@scripts/test-browser

test-containers: setup ## the suites on containers too; starts an engine for it where none answers
	@scripts/build --tests
	@scripts/engine scripts/test-containers

test-containers-quick: setup ## the same with one scenario for each kind of fault
	@scripts/build --tests
	@scripts/engine scripts/test-containers --quick

up: setup ## runs the system on its fixed ports until Ctrl-C
	@scripts/build
	@scripts/faultline up

page: ## builds the page and the live lab, which the next build takes in; needs Node
	@scripts/page

images: setup ## stand-ins for the images of docker-compose.yml, made here without a registry
	@scripts/build
	@scripts/images/build

bench: setup ## measures everything, and sets it against the baseline in benches/results
	@scripts/bench

bench-record: ## makes what `make bench` has measured the baseline, and the tables in docs/benchmarks.md
	@target/release/faultline-bench record

lint: ## format and clippy, as CI checks them
	@scripts/lint

dependencies: ## licences and sources of the dependencies, against deny.toml
	@scripts/dependencies

# The image of one service, by its name: docker build --build-arg SERVICE=broker .
#
# The result holds the program and the libraries that it loads, nothing else; it runs as nobody in particular.
ARG RUST_IMAGE=rust:1-bookworm

FROM ${RUST_IMAGE} AS build
WORKDIR /source
# Names of functions stay for backtraces; line tables would be most of an image.
ENV CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_STRIP=debuginfo

# Dependencies first, from manifests alone: this layer stays as long as they do.
COPY Cargo.toml Cargo.lock ./
COPY benches/Cargo.toml benches/
COPY crates/faultline/Cargo.toml crates/faultline/
COPY crates/model/Cargo.toml crates/model/
COPY crates/proxy/Cargo.toml crates/proxy/
COPY crates/stack/Cargo.toml crates/stack/
COPY crates/toxics/Cargo.toml crates/toxics/
COPY services/authentication/Cargo.toml services/authentication/
COPY services/broker/Cargo.toml services/broker/
COPY services/chassis/Cargo.toml services/chassis/
COPY services/listener/Cargo.toml services/listener/
COPY services/logger/Cargo.toml services/logger/
COPY services/logger-client/Cargo.toml services/logger-client/
COPY services/topology/Cargo.toml services/topology/
COPY services/wire/Cargo.toml services/wire/
COPY scripts/images/hollow.sh scripts/images/
RUN sh scripts/images/hollow.sh && \
    cargo build --release --locked -p authentication -p broker -p listener -p logger

COPY services services
# The files of the hollow crates are newer than these.
RUN find services -name '*.rs' -exec touch {} + && \
    cargo build --release --locked -p authentication -p broker -p listener -p logger

COPY scripts/images/rootfs.sh scripts/images/
ARG SERVICE
RUN sh scripts/images/rootfs.sh "target/release/${SERVICE}" /image && mv "/image/${SERVICE}" /image/service

FROM scratch
COPY --from=build /image /
USER 65532:65532
ENTRYPOINT ["/service"]
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s CMD ["/service", "--healthcheck"]

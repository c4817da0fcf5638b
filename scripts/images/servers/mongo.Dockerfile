# A stand-in for the image mongo: FerretDB on SQLite, which speaks MongoDB's protocol.
ARG BASE
FROM ${BASE}
COPY ferretdb /usr/bin/ferretdb
COPY mongo.entry.sh /entry.sh
RUN mkdir -p /data/db && chown 65532:65532 /data/db
USER 65532:65532
VOLUME /data/db
EXPOSE 27017
ENTRYPOINT ["sh", "/entry.sh"]

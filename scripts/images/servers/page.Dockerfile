# A stand-in for the page's image: what scripts/page has built, served by nginx from Debian's package.
ARG BASE
FROM ${BASE}
COPY dist /page
COPY nginx.conf /page.conf
COPY entry.sh /entry.sh
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["sh", "/entry.sh"]

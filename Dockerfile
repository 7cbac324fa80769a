# docker build -t huepress . && docker run --rm -v "$PWD:/pictures" --user "$(id -u)" huepress photo.png
FROM python:3.12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
COPY . /source
RUN python -m venv /opt/huepress && /opt/huepress/bin/pip install --no-cache-dir '/source[formats]'

FROM python:3.12-slim
COPY --from=build /opt/huepress /opt/huepress
RUN useradd --create-home --uid 1000 huepress
USER huepress
WORKDIR /pictures
ENTRYPOINT ["/opt/huepress/bin/huepress"]
CMD ["--help"]

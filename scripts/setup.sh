#!/usr/bin/env bash
# setup.sh run|lint|test: installs the Debian packages that this purpose needs and that are missing, and for the server
# the API explorer that /docs shows (Swagger UI's own bundle, from a package on PyPI that ships it).
# Asks apt only when something is missing, so a machine that has everything needs no network.
set -euo pipefail

purpose=${1:?"usage: scripts/setup.sh run|lint|test"}
run=(libarchive-dev libargon2-dev libbrotli-dev libcrypt-dev libgd-dev libpq-dev zlib1g-dev postgresql python3-venv)
lint=(python3)
test=("${run[@]}" "${lint[@]}" gcc unzip chromium chromium-driver)

case $purpose in
run) packages=("${run[@]}") ;;
lint) packages=("${lint[@]}") ;;
test) packages=("${test[@]}") ;;
*) echo "setup: unknown purpose '$purpose': run, lint or test" >&2 && exit 2 ;;
esac

if ! command -v swift >/dev/null; then
    echo "setup: no swift on PATH. Install Swift 6.1 or newer from https://www.swift.org/install/linux/." >&2
    exit 1
fi

if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is no Debian-like system. Install yourself what these packages hold: ${packages[*]}" >&2
    exit 0
fi

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query --show --showformat '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
    [[ $state == ii* ]] || missing+=("$package")
done
explorer() {
    [[ $purpose != lint && ! -f .explorer/swagger-ui-bundle.js ]] || return 0
    echo "setup: installing the API explorer"
    local unpacked
    unpacked=$(mktemp -d)
    if python3 -m venv "$unpacked/venv" && "$unpacked/venv/bin/python" -m pip install --quiet --no-deps \
        --disable-pip-version-check --target "$unpacked/package" flask-swagger-ui==5.34.0; then
        mkdir -p .explorer
        cp "$unpacked/package/flask_swagger_ui/dist/"{LICENSE,swagger-ui.css,swagger-ui-bundle.js} .explorer/
    else
        echo "setup: the API explorer cannot be installed; /docs lists the operations without it" >&2
    fi
    rm -rf "$unpacked"
}

if [[ ${#missing[@]} -eq 0 ]]; then
    explorer
    exit 0
fi

as_root=()
if [[ $(id -u) -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: missing packages; as root run: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

# FitAI starts a private Postgres of its own. Debian's package would also make and start a system-wide cluster on port
# 5432: where no Postgres server is installed yet, this drop-in keeps it from doing so. Existing clusters stay as they are.
if [[ " ${missing[*]} " == *" postgresql "* && ! -d /usr/lib/postgresql ]]; then
    "${as_root[@]}" mkdir -p /etc/postgresql-common/createcluster.d
    printf '%s\n' '# Written by the set-up of FitAI: no system-wide cluster is made when a server package is installed.' \
        'create_main_cluster = false' |
        "${as_root[@]}" tee /etc/postgresql-common/createcluster.d/fitai.conf >/dev/null
fi

echo "setup: installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
explorer

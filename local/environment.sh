#!/usr/bin/env bash
# Makes a virtual environment, or brings it up to date.
#
#   local/environment.sh DIRECTORY REQUIREMENTS
#
# .venv is made from the Python that is found, and every other environment from .venv's:
# the emulator's workers and the layers' bytecode must be of one minor version.
set -euo pipefail

readonly directory=$1 requirements=$2
readonly uv_version=0.13.8
readonly supported="3.13 3.14 3.12 3.11" # 3.13 is what AWS runs; SAM knows none after 3.14

is_usable() { # INTERPRETER VERSION; refuses pyenv's shims of unselected versions, and a Debian without ensurepip
  "$1" -c "import ensurepip, ssl, sys, venv; sys.exit('%d.%d' % sys.version_info[:2] != '$2')" >/dev/null 2>&1
}

candidates() { # VERSION: where such an interpreter may be, one a line
  type -aP "python$1" python3 python || true
  ls -1d "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python3 \
    "${XDG_DATA_HOME:-$HOME/.local/share}/uv/python/cpython-$1".*/bin/python3 \
    "/opt/homebrew/bin/python$1" "/usr/local/bin/python$1" \
    "/Library/Frameworks/Python.framework/Versions/$1/bin/python3" 2>/dev/null || true
  if command -v uv >/dev/null; then uv python find --no-project "$1" 2>/dev/null || true; fi
}

find_python() {
  local version candidate
  for version in ${PYTHON_VERSION:-$supported}; do
    while read -r candidate; do
      if is_usable "$candidate" "$version"; then
        echo "$candidate"
        return
      fi
    done < <(candidates "$version")
  done
  cat >&2 <<MESSAGE
No Python from 3.11 to 3.14 was found (with venv and ensurepip).
Looked on PATH, in pyenv's versions and in uv's. Install one and run this again, for example:
  pyenv install 3.13        uv python install 3.13        apt install python3.13-venv
MESSAGE
  return 1
}

create() {
  if [[ $directory == .venv ]]; then
    local python
    python=$(find_python)
    "$python" -m venv --clear .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv_version" ||
      echo "  uv could not be installed; pip does its work, more slowly"
  elif ! .venv/bin/uv venv --quiet --clear --seed --python .venv/bin/python "$directory" 2>/dev/null; then
    .venv/bin/python -m venv --clear "$directory"
  fi
}

started=$SECONDS
"$directory/bin/python" -c "" 2>/dev/null || create
# uv does not read pip's configuration, so where pip is set up for a mirror, pip takes over.
if ! .venv/bin/uv pip install --quiet --python "$directory/bin/python" --requirement "$requirements" 2>/dev/null; then
  "$directory/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
fi
echo "▸ $directory: $("$directory/bin/python" -V), $requirements ($((SECONDS - started)) s)"

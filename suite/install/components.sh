#!/usr/bin/env bash
# Everything that a launch can use besides TensorFlow: components.sh PYTHON. TensorFlow and the
# suite must be installed for that Python already. Installed components are left as they are.
set -euo pipefail
python=$1
here=$(cd "$(dirname "$0")" && pwd)

bash "$here/packages.sh" horovod hosts
"$python" -m suite.install.horovod

if ! "$python" -c "import nvidia.dali.plugin.tf" 2>/dev/null; then
    # The plugin is compiled for the TensorFlow that it finds, so it must not be isolated from it.
    "$python" -m pip install -q "setuptools>=77" wheel
    "$python" -m pip install -q --no-build-isolation -e "$here/../..[dali]"
fi

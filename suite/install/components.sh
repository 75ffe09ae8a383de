#!/usr/bin/env bash
# Everything that a launch can use besides TensorFlow: components.sh PYTHON. TensorFlow and the
# suite must be installed for that Python already. What is there, is left as it is.
set -euo pipefail
python=$1
here=$(cd "$(dirname "$0")" && pwd)

bash "$here/packages.sh" horovod hosts
"$python" -m suite.install.horovod

if ! "$python" -c "import nvidia.dali.plugin.tf" 2>/dev/null; then
    # Its plugin picks its build for the TensorFlow that it finds, so it must see it.
    "$python" -m pip install -q "setuptools>=77" wheel
    "$python" -m pip install -q --no-build-isolation -e "$here/../..[dali]"
fi

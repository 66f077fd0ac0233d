"""Collects ONNX's own test cases of the operator Attention (opsets 23 to 25): inputs, attributes, expected outputs.

usage: onnx-attention.py      (writes packages/heed/src/ops/goldens/onnx-attention.safetensors)
needs: pip install 'onnx>=1.23' numpy safetensors

A tensor is named `<case>/<input or output>`. The file's metadata `goldens` is JSON: `cases`, each {name, opset,
attributes}, and `leftOut`, the names of the cases in half precision and of those that ask for a precision of the softmax.
(One text, because safetensors writes several in any order.)
"""

import json
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx.backend.test.case.node import collect_testcases
from safetensors.numpy import save_file

TARGET = Path(__file__).parents[2] / 'packages/heed/src/ops/goldens/onnx-attention.safetensors'
KEPT = {'float32', 'bool', 'int64'}


def main():
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # collecting runs the cases of all operators
        found = [case for case in collect_testcases('Attention') if case.name.startswith('test_attention_')]
    tensors, cases, left_out = {}, [], []
    for case in found:
        if case.name.endswith('_expanded'):
            continue
        (node,) = case.model.graph.node
        (data,) = case.data_sets
        (opset,) = {entry.version for entry in case.model.opset_import if entry.domain == ''}
        assert node.op_type == 'Attention' and 23 <= opset <= 25
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        names = [name for name in [*node.input, *node.output] if name]
        values = [np.asarray(x) for x in [*data[0], *data[1]]]
        if 'softmax_precision' in attributes or {x.dtype.name for x in values} - KEPT:
            left_out.append(case.name)
            continue
        tensors |= {f'{case.name}/{name}': np.ascontiguousarray(x) for name, x in zip(names, values, strict=True)}
        cases.append({'name': case.name, 'opset': opset, 'attributes': attributes})
    goldens = {'madeWith': f'onnx {onnx.__version__}', 'leftOut': left_out, 'cases': cases}
    TARGET.parent.mkdir(exist_ok=True)
    save_file(tensors, TARGET, metadata={'goldens': json.dumps(goldens)})
    print(f'{len(cases)} cases, {len(left_out)} left out, {TARGET.stat().st_size} bytes')


if __name__ == '__main__':
    main()

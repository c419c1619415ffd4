"""Reads a Parquet file with pyarrow and prints how many requests each server served, and all."""

import sys

import pyarrow.parquet

table = pyarrow.parquet.read_table(sys.argv[1]).to_pylist()
served = {}
for row in table:
    if row["served"]:
        name = row["server"].split("/")[1]
        served[name] = served.get(name, 0) + 1
for name in sorted(served):
    print(name, served[name])
print("total", len(table))

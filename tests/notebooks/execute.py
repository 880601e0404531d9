"""Executes one notebook with Deno's kernel: execute.py NOTEBOOK FOLDER OUT SECONDS

The notebook runs in FOLDER and is written, with its outputs, to OUT. A cell that fails ends it with exit code 1 and the
error on standard error; OUT then holds the outputs so far.
"""

import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, CellExecutionError
from queue import Empty

# Deno's kernel may say that it is idle before it has sent a cell's result: the messages of this long after are the cell's too.
GRACE_SECONDS = 0.7


class PatientClient(NotebookClient):
    async def _async_poll_output_msg(self, parent_msg_id, cell, cell_index):
        idle = False
        while True:
            try:
                msg = await self.kc.iopub_channel.get_msg(timeout=GRACE_SECONDS if idle else None)
            except Empty:
                return
            if msg["parent_header"].get("msg_id") != parent_msg_id:
                continue
            try:
                self.process_message(msg, cell, cell_index)
            except CellExecutionComplete:
                idle = True


def main(source, folder, out, seconds):
    notebook = nbformat.read(source, as_version=4)
    client = PatientClient(
        notebook,
        kernel_name="deno",
        timeout=int(seconds),
        record_timing=False,
        resources={"metadata": {"path": folder}},
        store_widget_state=False,
        iopub_timeout=30,
    )
    try:
        client.execute()
    except CellExecutionError as error:
        nbformat.write(notebook, out)
        print(error, file=sys.stderr)
        return 1
    nbformat.write(notebook, out)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

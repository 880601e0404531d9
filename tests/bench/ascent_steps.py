"""The other side of `ascent_steps.ts`: a step of ascent through a ResNet-18 or a vision transformer in PyTorch.

Reads FOLDER/job.json, writes FOLDER/result.json: milliseconds of a step of all batches. Where job.json names a file to
export to, it writes the network there, as an .onnx file that takes images as the network does, and times nothing.
"""

import json
import resource
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
import torchvision
from safetensors.torch import load_file
from torch.fx.experimental.optimization import fuse


def colours(values):
    return torch.tensor(values).view(1, 3, 1, 1)


class Block(torch.nn.Module):
    """Attention and an MLP, each after a normalization; timm's names."""

    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.norm1 = torch.nn.LayerNorm(width, eps=1e-6)
        self.attn = torch.nn.ModuleDict({"qkv": torch.nn.Linear(width, 3 * width), "proj": torch.nn.Linear(width, width)})
        self.norm2 = torch.nn.LayerNorm(width, eps=1e-6)
        self.mlp = torch.nn.ModuleDict({"fc1": torch.nn.Linear(width, hidden), "fc2": torch.nn.Linear(hidden, width)})

    def forward(self, x):
        n, tokens, width = x.shape
        qkv = self.attn["qkv"](self.norm1(x)).view(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(*qkv.unbind(0)).transpose(1, 2).reshape(n, tokens, width)
        x = x + self.attn["proj"](y)
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(x))))


class ViT(torch.nn.Module):
    """The network of models/vit-cifar10."""

    def __init__(self, state):
        super().__init__()
        width = state["norm.weight"].shape[0]
        hidden = state["blocks.0.mlp.fc1.weight"].shape[0]
        depth = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("blocks."))
        self.pos_embed = torch.nn.Parameter(torch.zeros(1, state["pos_embed"].shape[1], width), requires_grad=False)
        self.patch_embed = torch.nn.ModuleDict({"proj": torch.nn.Conv2d(3, width, 4, 4)})
        self.blocks = torch.nn.ModuleList(Block(width, 4, hidden) for _ in range(depth))
        self.norm = torch.nn.LayerNorm(width, eps=1e-6)
        self.head = torch.nn.Linear(width, 10)

    def forward(self, x):
        x = self.patch_embed["proj"](x).flatten(2).transpose(1, 2) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x).mean(1))


def load_network(job):
    """The network, and the mean and deviation of the colours that it was trained on."""
    state = {name: tensor.float() for name, tensor in load_file(job["weights"]).items()}
    if job["network"] == "vit":
        network = ViT(state)
        network.load_state_dict(state)
        mean, std = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
        network = network.eval()
    else:
        network = torchvision.models.resnet18(num_classes=len(state["fc.bias"]))
        mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        if job["side"] == 32:  # the network of models/resnet18-cifar10
            network.conv1 = torch.nn.Conv2d(3, 64, 3, 2, 1, bias=False)
            network.maxpool = torch.nn.Identity()
            mean, std = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
        network.load_state_dict(state, strict=False)  # without the counters of batches
        network = fuse(network.eval())
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network, mean, std


def network_of(job):
    network, mean, std = load_network(job)
    mean, std = colours(mean), colours(std)
    return lambda images: network((images - mean) / std)


def export(job):
    network, _, _ = load_network(job)
    images = torch.zeros(2, 3, job["side"], job["side"])
    names = {"input_names": ["images"], "output_names": ["scores"], "dynamic_axes": {"images": {0: "n"}}}
    torch.onnx.export(network, (images,), job["export"], dynamo=False, opset_version=17, **names)


def main(folder):
    job = json.loads((folder / "job.json").read_text())
    if "export" in job:
        export(job)
        return
    torch.set_num_threads(job["threads"])
    torch.manual_seed(0)
    layout = torch.contiguous_format if job["layout"] == "default" else torch.channels_last
    network = network_of(job)
    if job["layout"] == "compiled":
        network = torch.compile(network, dynamic=False)
    side = job["side"]
    batches = []
    for _ in range(job["batches"]):
        noise = 0.3 * torch.randn(job["images"], 3, side, side)
        logits = noise.contiguous(memory_format=layout).requires_grad_(True)
        batches.append((logits, torch.optim.Adam([logits], lr=job["learningRate"], maximize=True, fused=True)))

    def step(dy, dx):
        for logits, optimizer in batches:
            images = F.pad(torch.sigmoid(logits), (dx, -dx, dy, -dy), value=0.5)
            (logits.grad,) = torch.autograd.grad(network(images)[:, 0].sum(), logits)
            optimizer.step()

    step(0, 0)
    begin = time.perf_counter()
    for dy, dx in job["movements"]:
        step(dy, dx)
    seconds = time.perf_counter() - begin
    result = {
        "milliseconds": 1000 * seconds / len(job["movements"]),
        "peakBytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "versions": {"torch": torch.__version__},
    }
    (folder / "result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

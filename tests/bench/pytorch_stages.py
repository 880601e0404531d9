"""The benchmark's other side: the stages of the pipeline in batched PyTorch and scikit-learn.

    python pytorch_stages.py FOLDER

FOLDER holds job.json and the raw float32 files that run.ts writes (see workload.ts). Written back: result.json with the
seconds of each stage, distances.f32, embeddings.f32. Each stage but the first is given the other side's input, so that
differences do not add up and k-means works on the same points.

What was tried and is faster on a CPU is used: normalization folded into conv1, max-pool before ReLU (they commute), the
fused Adam, batch normalization folded into the convolutions, inference mode, LPIPS by inner products, one thread for k-means
on 32 points. Images are kept in PyTorch's default memory layout, as most scripts do; channels-last takes half the processor
time for LeNet-5, and is used where job.json asks for it, and with it torch.compile where it asks for that. Compiling is not
timed.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import sklearn
import torch
import torch.nn.functional as F
import torchvision
from safetensors.torch import load_file
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits
from torch.fx.experimental.optimization import fuse

GREY = 0.5
LPIPS_SHIFT = (-0.030, -0.088, -0.188)
LPIPS_SCALE = (0.458, 0.448, 0.450)
LPIPS_EPSILON = 1e-10
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# images per forward pass, the fastest of 8, 16, 32, 64 and, for LPIPS, 128
LPIPS_BATCH = 64
EMBED_BATCH = 16


def colours(values):
    return torch.tensor(values).view(1, 3, 1, 1)


def load(path, layout):
    return {
        name: tensor.contiguous(memory_format=layout) if tensor.ndim == 4 else tensor
        for name, tensor in load_file(path).items()
    }


class LeNet5:
    """Activations before the ReLU, computed no further than the layer asked for."""

    def __init__(self, path, layout, mean, std):
        w = load(path, layout)
        scaled = w["conv1.weight"] / colours(std)
        w["conv1.bias"] = w["conv1.bias"] - (scaled * colours(mean)).sum((1, 2, 3))
        w["conv1.weight"] = scaled
        self.w = w

    def activations(self, x, layer):
        for name in ("conv1", "conv2"):
            x = F.conv2d(x, self.w[f"{name}.weight"], self.w[f"{name}.bias"])
            if name == layer:
                return x.mean((2, 3))
            x = F.relu(F.max_pool2d(x, 2))
        x = x.flatten(1)
        for name in ("fc1", "fc2", "fc3"):
            x = F.linear(x, self.w[f"{name}.weight"], self.w[f"{name}.bias"])
            if name == layer:
                return x
            x = F.relu(x)
        raise ValueError(f"LeNet-5 has no layer {layer}")


def ascend(network, layer, units, starts, movements, rate, fade_steps):
    """Images of all units of a job by Adam on the logits of the pixels, one forward and backward pass a step.

    starts: [N, 3, 32, 32] in (0, 1); its logits are taken away in equal parts, one a step, over `fade_steps`. Returns
    the images and the activation of each image's unit at the end, [N].
    """
    unit = torch.tensor(units).repeat_interleave(len(starts) // len(units)).unsqueeze(1)
    logits = torch.logit(starts).requires_grad_(True)
    optimizer = torch.optim.Adam([logits], lr=rate, maximize=True, fused=True)
    fading = logits.detach() / fade_steps if fade_steps > 0 else None
    for step, (dy, dx) in enumerate(movements):
        # a negative padding crops: the image moves down by dy and right by dx
        images = F.pad(torch.sigmoid(logits), (dx, -dx, dy, -dy), value=GREY)
        total = network.activations(images, layer).gather(1, unit).sum()
        (logits.grad,) = torch.autograd.grad(total, logits)
        optimizer.step()
        if step < fade_steps:
            logits.detach().sub_(fading)
    with torch.inference_mode():
        images = torch.sigmoid(logits)
        return images, network.activations(images, layer).gather(1, unit).squeeze(1)


class Lpips:
    """LPIPS v0.1 with AlexNet."""

    STRIDE_AND_PADDING = {"features.0": (4, 2), "features.3": (1, 2)}

    def __init__(self, path, layout, size):
        self.w = load(path, layout)
        self.size = size

    def features(self, x):
        x = F.interpolate(x, (self.size, self.size), mode="bilinear", align_corners=False)
        x = (x * 2 - 1).sub_(colours(LPIPS_SHIFT)).div_(colours(LPIPS_SCALE))
        maps = []
        for name in ("features.0", "features.3", "features.6", "features.8", "features.10"):
            if name in ("features.3", "features.6"):
                x = F.max_pool2d(x, 3, 2)
            stride, padding = self.STRIDE_AND_PADDING.get(name, (1, 1))
            x = F.relu_(F.conv2d(x, self.w[f"{name}.weight"], self.w[f"{name}.bias"], stride, padding))
            maps.append(x)
        return maps

    def distances(self, images, per_unit):
        """All pairs within each unit: [U, per_unit (per_unit - 1) / 2], image j with images 0 .. j - 1 for j = 1, 2, ..."""
        rows, columns = torch.tril_indices(per_unit, per_unit, -1)
        units = len(images) // per_unit
        gram = torch.zeros(units, per_unit, per_unit)
        for layer, x in enumerate(self.features(images)):
            x = x.permute(0, 2, 3, 1)  # no copy where memory is channels last
            norm = torch.linalg.vector_norm(x, dim=3, keepdim=True).add_(LPIPS_EPSILON)
            weight = (self.w[f"lin{layer}.weight"].flatten() / (x.shape[1] * x.shape[2])).sqrt()
            unit = (x / norm).mul_(weight).reshape(units, per_unit, -1)
            gram.baddbmm_(unit, unit.transpose(1, 2))
        squares = gram.diagonal(dim1=1, dim2=2)
        return (squares[:, rows] + squares[:, columns] - 2 * gram[:, rows, columns]).clamp_min_(0)


def embedder(path, layout):
    """torchvision's ResNet-18 up to the global average pool, batch normalization folded."""
    network = torchvision.models.resnet18()
    network.load_state_dict(load_file(path), strict=False)  # without the counters of batches
    network.fc = torch.nn.Identity()
    network = fuse(network.eval()).to(memory_format=layout)
    mean, std = colours(IMAGENET_MEAN), colours(IMAGENET_STD)

    def embed(images):
        x = F.interpolate(images, (224, 224), mode="bilinear", align_corners=False)
        return network(x.sub_(mean).div_(std))

    return embed


def multiplications_a_second(size=2048, repeats=5):
    """Floating-point operations a second of a product of two square matrices, the best of several."""
    a, b = torch.rand(size, size), torch.rand(size, size)
    least = float("inf")
    for _ in range(repeats):
        begin = time.perf_counter()
        torch.mm(a, b)
        least = min(least, time.perf_counter() - begin)
    return 2 * size**3 / least


def cluster(points, k_max, restarts, seed):
    """Inertia of the best of several k-means for each K from 1."""
    return [
        float(KMeans(k, n_init=restarts, random_state=seed, copy_x=False).fit(points).inertia_)
        for k in range(1, k_max + 1)
    ]


def main(folder):
    job = json.loads((folder / "job.json").read_text())
    torch.set_num_threads(job["threads"])
    sklearn.set_config(assume_finite=True, skip_parameter_validation=True)
    per_unit = job["images"]
    layout = torch.contiguous_format if job["layout"] == "default" else torch.channels_last

    def read_images(name):
        pixels = torch.from_numpy(np.fromfile(folder / name, np.float32))
        images = pixels.view(-1, job["size"], job["size"], 3).permute(0, 3, 1, 2)
        return images.contiguous(memory_format=layout)

    starts, images = read_images("starts.f32"), read_images("images.f32")
    points = np.fromfile(folder / "points.f32", np.float32).reshape(len(images), -1)
    lenet = LeNet5(job["weights"]["lenet5"], layout, job["mean"], job["std"])
    lpips = Lpips(job["weights"]["lpips"], layout, job["lpipsSize"])
    embed = embedder(job["weights"]["resnet18"], layout)
    if job["layout"] == "compiled":
        torch._dynamo.config.cache_size_limit = 64  # every layer and number of images is compiled for itself
        lenet.activations = torch.compile(lenet.activations, dynamic=False)
        lpips.features = torch.compile(lpips.features, dynamic=False)
        embed = torch.compile(embed, dynamic=False)

    def ascend_all(jobs, steps):
        activations, at = [], 0
        for each in jobs:
            count = len(each["units"]) * per_unit
            part, movements = starts[at : at + count], job["movements"][:steps]
            rate, fade_steps = job["learningRate"], job["fadeSteps"]
            _, found = ascend(lenet, each["layer"], each["units"], part, movements, rate, fade_steps)
            activations.append(found)
            at += count
        return torch.cat(activations)

    @torch.inference_mode()
    def distances_of(images):
        size = per_unit * max(1, LPIPS_BATCH // per_unit)
        return torch.cat([lpips.distances(part, per_unit) for part in images.split(size)])

    @torch.inference_mode()
    def embed_all(images):
        return torch.cat([embed(part) for part in images.split(EMBED_BATCH)])

    def cluster_all(units):
        with threadpool_limits(1):
            return [
                cluster(points[u * per_unit : (u + 1) * per_unit], job["kMax"], job["restarts"], job["seed"])
                for u in range(units)
            ]

    seconds = {}

    def timed(stage, work):
        begin = time.perf_counter()
        result = work()
        seconds[stage] = time.perf_counter() - begin
        return result

    units = len(images) // per_unit
    multiply = multiplications_a_second()
    ascend_all(job["jobs"], 1)
    activations = timed("ascent", lambda: ascend_all(job["jobs"], job["steps"]))
    distances_of(images if job["layout"] == "compiled" else images[: 2 * per_unit])
    distances = timed("lpips", lambda: distances_of(images))
    embed_all(images[: EMBED_BATCH + len(images) % EMBED_BATCH])
    embeddings = timed("embedding", lambda: embed_all(images))
    cluster_all(1)
    inertias = timed("clustering", lambda: cluster_all(units))

    distances.numpy().tofile(folder / "distances.f32")
    embeddings.numpy().tofile(folder / "embeddings.f32")
    result = {
        "seconds": seconds,
        "activations": activations.view(units, per_unit).mean(1).tolist(),
        "inertias": inertias,
        "peakBytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "sgemmFlops": multiply,
        "versions": {
            "python": sys.version.split()[0],
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "scikit-learn": sklearn.__version__,
        },
    }
    (folder / "result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

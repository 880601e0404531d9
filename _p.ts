import { preparePyTorch } from "./tests/bench/pytorch_environment.ts";
console.log(await preparePyTorch(console.error));

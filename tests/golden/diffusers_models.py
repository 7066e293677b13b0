"""Small pipelines with random weights, written by diffusers, and what they say.

    python tests/golden/diffusers_models.py    writes tests/golden/diffusers

Needs torch, diffusers, transformers, peft and safetensors. Each pipeline is a folder below; `said.safetensors` holds
inputs and outputs, `schedulers.json` and `tokens.json` those of schedulers and of the tokenizer. All are what
`tests/engine/diffusers` holds the engine against.
"""

import json
import shutil
from pathlib import Path
from unittest.mock import patch

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
    UNet2DModel,
)
from diffusers.schedulers import scheduling_ddpm
from diffusers.training_utils import _collate_lora_metadata
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch.nn import functional as F
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

FOLDER = Path(__file__).with_name("diffusers")
TOKENS = 8
SAID = {}


def shaken(network, dtype=torch.float32):
    """Random weights, none of them 0 or 1, rounded to a type."""
    with torch.no_grad():
        for weight in network.parameters():
            if weight.dim() == 1:
                weight.add_(0.2 * torch.randn_like(weight))
    return network.to(dtype).float().eval()


def said(name, **tensors):
    for key, tensor in tensors.items():
        SAID[f"{name}.{key}"] = tensor.detach().float().contiguous()


def saved(network, folder, dtype=torch.float32, **options):
    network.to(dtype).save_pretrained(folder, **options)
    return network.float()


def index(folder, **parts):
    """What names the parts of a folder."""
    text = json.dumps({"_class_name": "DiffusionPipeline"} | parts, indent=2)
    (folder / "model_index.json").write_text(text + "\n")


def ddpm():
    """As `google/ddpm-cifar10-32`, whose file has older names, and a walk of its sampler."""
    unet = shaken(
        UNet2DModel(
            sample_size=8,
            block_out_channels=(8, 16),
            down_block_types=("DownBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "UpBlock2D"),
            norm_num_groups=4,
            norm_eps=1e-6,
            downsample_padding=0,
            flip_sin_to_cos=False,
            freq_shift=1,
            attention_head_dim=None,
        )
    )
    scheduler = DDPMScheduler(variance_type="fixed_large")
    DDPMPipeline(unet, scheduler).save_pretrained(FOLDER / "ddpm")
    path = FOLDER / "ddpm/unet/diffusion_pytorch_model.safetensors"
    older = {".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."}

    def renamed(name):
        for new, old in older.items():
            name = name.replace(new, old)
        return name

    save_file({renamed(name): tensor for name, tensor in load_file(path).items()}, path)

    x, timesteps = torch.randn(4, 3, 8, 8), torch.tensor([7, 7, 901, 901])
    with torch.no_grad():
        said("ddpm", x=x, output=unet(x, timesteps).sample)
        steps = 6
        scheduler.set_timesteps(steps)
        noise = torch.randn(steps, 2, 3, 8, 8)
        x = noise[0]
        for at, timestep in enumerate(scheduler.timesteps):
            drawn = noise[min(at + 1, steps - 1)]
            with patch.object(scheduling_ddpm, "randn_tensor", lambda *_, **__: drawn):
                x = scheduler.step(unet(x, timestep).sample, timestep, x).prev_sample
        said("walk", noise=noise, images=x)


def scaled():
    """A `UNet2DModel` that differs where `ddpm` has a default: heads, scale and shift, padding, centred input, an odd
    number of time features."""
    unet = shaken(
        UNet2DModel(
            sample_size=(8, 16),
            in_channels=1,
            out_channels=2,
            center_input_sample=True,
            block_out_channels=(9, 12, 24),
            down_block_types=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
            layers_per_block=1,
            norm_num_groups=3,
            attention_head_dim=6,
            resnet_time_scale_shift="scale_shift",
        ),
        torch.float16,
    )
    saved(unet, FOLDER / "scaled/unet", torch.float16, variant="fp16")
    index(FOLDER / "scaled", unet=["diffusers", "UNet2DModel"])
    x, timesteps = torch.randn(2, 1, 8, 16), torch.tensor([0, 433])
    with torch.no_grad():
        said("scaled", x=x, output=unet(x, timesteps).sample)


CONDITIONAL = {
    "sample_size": 8,
    "block_out_channels": (8, 16),
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "cross_attention_dim": 12,
    "attention_head_dim": 2,
}
WORDS = """A red cat sits on the mat. The cat, which isn't small, they're saying, has seen 27 birds!
a photo of an astronaut riding a horse on mars; a photograph, an oil painting of the sea at night
the quick brown fox jumps over the lazy dog and doesn't look back, we've heard, I'm told, it'll rain"""
TEXTS = [
    "",
    "a photo of the cat",
    "A  Photo\nof the\tCAT!!!",
    "isn't they're we've I'm it'll he'd",
    "2718 birds, 31",
    "café naïve Ünïcode",
    "cafe\u0301 i\u0307 A\u030a",
    "日本語 and кошка",
    "🐱 cat—dog…",
    "the <|endoftext|> mat <|startoftext|>fox",
    "<|ENDOFTEXT|> 's '''s don''t",
    "a very long text about the sea at night, with many more words than there is room for in it",
    "½ Ⅻ ² ३",
]


def tokenizer(folder):
    """Byte pairs of a few lines, in the files of older versions; the padding is another token than the end."""
    made = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    clip = CLIPTokenizer(vocab={"<|startoftext|>": 0, "<|endoftext|>": 1, "!": 2}, merges=[])
    made.normalizer = clip.backend_tokenizer.normalizer
    made.pre_tokenizer = clip.backend_tokenizer.pre_tokenizer
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made.train_from_iterator(
        WORDS.splitlines(),
        trainers.BpeTrainer(
            vocab_size=900, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False
        ),
    )
    model = json.loads(made.to_str())["model"]
    pairs = [tuple(pair) for pair in model["merges"]]
    symbols = alphabet + [letter + "</w>" for letter in alphabet] + ["".join(pair) for pair in pairs]
    vocab = {symbol: number for number, symbol in enumerate(dict.fromkeys(symbols))}
    vocab |= {"<|startoftext|>": len(vocab), "<|endoftext|>": len(vocab) + 1}
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps(vocab))
    lines = ["#version: 0.2", *(" ".join(pair) for pair in pairs)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")
    config = {"model_max_length": TOKENS, "pad_token": "!", "tokenizer_class": "CLIPTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    clip = CLIPTokenizer(vocab=vocab, merges=pairs, pad_token="!")
    of = lambda text: clip(text, padding="max_length", truncation=True, max_length=TOKENS).input_ids
    whole = lambda text: clip(text, add_special_tokens=False).input_ids
    texts = [{"text": text, "own": whole(text), "padded": of(text)} for text in TEXTS]
    (FOLDER / "tokens.json").write_text("[\n" + ",\n".join(map(json.dumps, texts)) + "\n]\n")
    return clip, len(vocab)


def latent():
    """As Stable Diffusion 1: every part of the pipeline, the weights of the U-Net in f16 and in shards."""
    clip, words = tokenizer(FOLDER / "latent/tokenizer")
    unet = shaken(UNet2DConditionModel(**CONDITIONAL), torch.float16)
    vae = shaken(
        AutoencoderKL(
            block_out_channels=(8, 16),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            norm_num_groups=4,
            latent_channels=4,
            sample_size=16,
        ),
        torch.bfloat16,
    )
    encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=words,
            hidden_size=12,
            intermediate_size=24,
            num_hidden_layers=2,
            num_attention_heads=3,
            max_position_embeddings=TOKENS,
            bos_token_id=words - 2,
            eos_token_id=words - 1,
        )
    )
    encoder = shaken(encoder, torch.float16)
    saved(unet, FOLDER / "latent/unet", torch.float16, max_shard_size="60KB")
    saved(vae, FOLDER / "latent/vae", torch.bfloat16)
    saved(encoder, FOLDER / "latent/text_encoder", torch.float16)
    # As transformers 4 writes it.
    path = FOLDER / "latent/text_encoder/model.safetensors"
    older = {f"text_model.{name}": tensor for name, tensor in load_file(path).items()}
    older["text_model.embeddings.position_ids"] = torch.arange(TOKENS)[None]
    save_file(older, path, metadata={"format": "pt"})
    scheduler = {
        "_class_name": "PNDMScheduler",
        "_diffusers_version": "0.6.0",
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "clip_sample": False,
        "num_train_timesteps": 1000,
        "set_alpha_to_one": False,
        "skip_prk_steps": True,
        "steps_offset": 1,
        "trained_betas": None,
    }
    (FOLDER / "latent/scheduler").mkdir()
    (FOLDER / "latent/scheduler/scheduler_config.json").write_text(json.dumps(scheduler, indent=2) + "\n")
    index(
        FOLDER / "latent",
        _class_name="StableDiffusionPipeline",
        feature_extractor=["transformers", "CLIPImageProcessor"],
        image_encoder=[None, None],
        requires_safety_checker=True,
        scheduler=["diffusers", "PNDMScheduler"],
        text_encoder=["transformers", "CLIPTextModel"],
        tokenizer=["transformers", "CLIPTokenizer"],
        unet=["diffusers", "UNet2DConditionModel"],
        vae=["diffusers", "AutoencoderKL"],
    )
    tokens = torch.tensor([clip(t, padding="max_length", truncation=True, max_length=TOKENS).input_ids for t in TEXTS[:2]])
    x, timesteps, images = torch.randn(2, 4, 8, 8), torch.tensor([3, 981]), torch.rand(2, 3, 16, 16) * 2 - 1
    with torch.no_grad():
        context = encoder(tokens).last_hidden_state
        posterior = vae.encode(images).latent_dist
        scale = vae.config.scaling_factor
        said("latent", tokens=tokens, context=context, x=x, output=unet(x, timesteps, context).sample)
        said("vae", images=images, mean=posterior.mean * scale, std=posterior.std * scale)
        said("vae", decoded=vae.decode(x / scale).sample)
    lora(unet, context, x, timesteps)


def lora(unet, context, x, timesteps):
    """A step of plain descent of PEFT's adapters, and their file."""
    targets = ["to_q", "to_k", "to_v", "to_out.0", "conv1", "conv_shortcut", "proj_in", "ff.net.0.proj", "downsamplers.0.conv"]
    unet.add_adapter(LoraConfig(r=2, lora_alpha=6, target_modules=targets, init_lora_weights=False))
    described = _collate_lora_metadata({"unet": unet})
    StableDiffusionPipeline.save_lora_weights(FOLDER / "lora", get_peft_model_state_dict(unet), **described)
    wanted = torch.randn_like(x)
    loss = lambda: F.mse_loss(unet(x, timesteps, context).sample, wanted)
    before = loss()
    before.backward()
    said("lora", wanted=wanted, output=unet(x, timesteps, context).sample, loss=before)
    with torch.no_grad():
        for weight in unet.parameters():
            if weight.requires_grad:
                weight.sub_(weight.grad)
    said("lora", after=unet(x, timesteps, context).sample)
    moved = get_peft_model_state_dict(unet)
    SAID.update({f"lora.moved.unet.{name}": tensor.detach().contiguous() for name, tensor in moved.items()})


def linear():
    """As Stable Diffusion 2: heads and depths by stage, matrices at the ends of transformers."""
    unet = shaken(
        UNet2DConditionModel(
            **CONDITIONAL | {
                "down_block_types": ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
                "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
                "attention_head_dim": (2, 4),
                "transformer_layers_per_block": (1, 2),
                "use_linear_projection": True,
                "out_channels": 3,
            }
        ),
        torch.float16,
    )
    saved(unet, FOLDER / "linear/unet", torch.float16)
    index(FOLDER / "linear", unet=["diffusers", "UNet2DConditionModel"])
    x, context = torch.randn(2, 4, 8, 4), torch.randn(2, 5, 12)
    with torch.no_grad():
        said("linear", x=x, context=context, output=unet(x, torch.tensor([250, 250]), context).sample)


def schedulers():
    """Means, variances and log densities of steps, in double precision: 1 − ᾱ of the first timesteps has four digits in
    single precision."""
    settings = [
        (DDPMScheduler, {}, 1000, None),
        (DDPMScheduler, {"variance_type": "fixed_small_log", "clip_sample": False}, 1000, None),
        (DDPMScheduler, {"variance_type": "fixed_large", "beta_schedule": "squaredcos_cap_v2"}, 50, None),
        (DDPMScheduler, {"prediction_type": "v_prediction", "timestep_spacing": "trailing"}, 30, None),
        (DDPMScheduler, {"prediction_type": "sample", "timestep_spacing": "linspace", "clip_sample_range": 0.5}, 30, None),
        (DDPMScheduler, {"num_train_timesteps": 100, "steps_offset": 1, "variance_type": "fixed_large"}, 20, None),
        (DDIMScheduler, {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}, 50, 1.0),
        (DDIMScheduler, {"set_alpha_to_one": False, "steps_offset": 1, "clip_sample": False}, 25, 0.5),
        (DDIMScheduler, {"timestep_spacing": "trailing", "prediction_type": "v_prediction"}, 7, 0.3),
        (DDIMScheduler, {"timestep_spacing": "linspace", "prediction_type": "sample", "set_alpha_to_one": False}, 10, 0.8),
        (DDIMScheduler, {"num_train_timesteps": 40, "clip_sample_range": 2.0}, 40, 0.7),
    ]
    rows = []
    for kind, config, steps, eta in settings:
        with patch.object(torch, "float32", torch.float64):
            scheduler = kind(**config)
        scheduler.set_timesteps(steps)
        x, output, noise = (torch.randn(2, 3, dtype=torch.float64) for _ in range(3))

        def step(timestep, drawn):
            if eta is not None:
                return scheduler.step(output, timestep, x, eta=eta, variance_noise=drawn).prev_sample
            with patch.object(scheduling_ddpm, "randn_tensor", lambda *_, **__: drawn):
                return scheduler.step(output, timestep, x).prev_sample

        made = []
        for at in sorted({0, 1, steps // 2, steps - 2, steps - 1}):
            timestep = scheduler.timesteps[at]
            mean, next = step(timestep, torch.zeros_like(noise)), step(timestep, noise)
            std = ((next - mean) / noise).mean().item()
            density = None
            if std > 1e-6:
                density = torch.distributions.Normal(mean, std).log_prob(next).sum(1).tolist()
            made.append(
                {
                    "step": at,
                    "timestep": int(timestep),
                    "mean": mean.flatten().tolist(),
                    "next": next.flatten().tolist(),
                    "variance": std**2 if density else 0.0,
                    "log_density": density,
                }
            )
        rows.append(
            {
                "config": {k: v for k, v in scheduler.config.items() if k != "_use_default_values"} | {"_class_name": kind.__name__},
                "steps": steps,
                "eta": eta,
                "x": x.flatten().tolist(),
                "output": output.flatten().tolist(),
                "made": made,
            }
        )
    (FOLDER / "schedulers.json").write_text(json.dumps(rows) + "\n")


if __name__ == "__main__":
    torch.manual_seed(0)
    shutil.rmtree(FOLDER, ignore_errors=True)
    for part in (ddpm, scaled, latent, linear, schedulers):
        part()
    save_file(SAID, FOLDER / "said.safetensors")
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            print(path.relative_to(FOLDER), path.stat().st_size)

"""Images that diffusers makes with a LoRA that rtb trained for a prompt.

    rtb run tests/golden/diffusers_lora/run.toml --out RUN
    rtb export RUN --out tests/golden/diffusers_lora
    python tests/golden/diffusers_lora.py

Run in the root of the repository, after `diffusers_models.py`; needs torch, diffusers, transformers, peft and safetensors. The
last command writes `images.safetensors` beside the LoRA: the noise of every step, the images with the LoRA and those
without. `tests/engine/diffusers/adapters.rs` holds the engine against them.
"""

from pathlib import Path
from unittest.mock import patch

import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from diffusers.schedulers import scheduling_ddim
from safetensors.torch import save_file

FOLDER = Path(__file__).with_name("diffusers_lora")
MODEL = Path(__file__).with_name("diffusers") / "latent"
STEPS, ROWS = 4, 2


def images(pipeline, noise):
    """Images of a prompt, −1 to 1, whose noise is given."""
    later = iter(noise[1:])
    with patch.object(scheduling_ddim, "randn_tensor", lambda *_, **__: next(later)):
        made = pipeline(
            ["a small house"] * ROWS,
            negative_prompt=["the birds"] * ROWS,
            guidance_scale=3.0,
            num_inference_steps=STEPS,
            eta=1.0,
            latents=noise[0],
            output_type="latent",
        ).images
    assert next(later, None) is None
    with torch.no_grad():
        decoded = pipeline.vae.decode(made / pipeline.vae.config.scaling_factor).sample
    return decoded.clamp(-1, 1).flatten(1).contiguous()


if __name__ == "__main__":
    torch.manual_seed(0)
    scheduler = DDIMScheduler.from_pretrained(MODEL, subfolder="scheduler")
    pipeline = StableDiffusionPipeline.from_pretrained(
        MODEL, scheduler=scheduler, safety_checker=None, feature_extractor=None, torch_dtype=torch.float32
    )
    noise = torch.randn(1 + STEPS, ROWS, 4, 8, 8)
    without = images(pipeline, noise)
    pipeline.load_lora_weights(FOLDER)
    with_lora = images(pipeline, noise)
    print("largest change of a pixel", (with_lora - without).abs().max().item())
    save_file(
        {"noise": noise.flatten(2).contiguous(), "images": with_lora, "without": without},
        FOLDER / "images.safetensors",
    )

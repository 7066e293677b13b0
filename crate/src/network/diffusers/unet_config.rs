//! `config.json` of `UNet2DModel` and `UNet2DConditionModel`.

use super::fields::Fields;
use crate::engine::ConfigError;
use serde_json::{Value, json};

/// Most channels of a layer, which keeps a damaged file from asking for all of the memory.
const MOST_CHANNELS: usize = 16_384;

/// What mixes the cells of an image in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mixing {
    /// Nothing but the convolutions.
    None,
    /// Attention of every cell to every cell.
    Attention,
    /// Transformers, which look at the context too.
    Transformer,
}

/// The shape of a [`super::UNet`].
#[derive(Clone, Debug, PartialEq)]
pub struct UNetConfig {
    /// Height and width of the images it was trained with, if the file says so.
    pub sides: Option<[usize; 2]>,
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Whether the input is seen as 2x − 1.
    pub centers_input: bool,
    /// Whether the time's features are cosines then sines, else sines then cosines.
    pub cosines_first: bool,
    /// By how much less than half of the features sets the slowest frequency apart from the fastest.
    pub frequency_shift: f64,
    /// Units of the time's embedding.
    pub embedding: usize,
    /// Channels of every stage, from the finest on.
    pub channels: Vec<usize>,
    /// Residual blocks of every stage on the way down; one more on the way up.
    pub layers: Vec<usize>,
    /// What mixes cells on the way down.
    pub down: Vec<Mixing>,
    /// What mixes cells at the coarsest resolution; `None` without a stage there.
    pub middle: Option<Mixing>,
    /// What mixes cells on the way up, from the coarsest stage on.
    pub up: Vec<Mixing>,
    /// Heads of attention in every stage, from the finest on.
    pub heads: Vec<usize>,
    /// Blocks of a transformer in every stage, from the finest on.
    pub depths: Vec<usize>,
    /// Numbers of a token of the context; 0 without transformers.
    pub context: usize,
    /// Whether transformers begin and end with matrices, else with convolutions.
    pub linear_projection: bool,
    /// Padding of the convolutions that halve the sides, 0 or 1.
    pub padding: usize,
    /// Groups of channels that are normalised together.
    pub groups: usize,
    /// The same before the attention in the middle; `None` without normalisation.
    pub middle_groups: Option<usize>,
    /// Added to variances in normalisations.
    pub epsilon: f64,
    /// Whether the time scales and shifts, else it shifts.
    pub scale_shift: bool,
}

impl UNetConfig {
    /// The configuration in a file of this name; its `_class_name` says of which of the two networks.
    ///
    /// # Errors
    ///
    /// Names the field that is not allowed, or not supported.
    pub fn read(file: &str, json: &[u8]) -> Result<Self, ConfigError> {
        let mut fields = Fields::new(file, json)?;
        let class = [("UNet2DModel", false), ("UNet2DConditionModel", true)];
        let conditional = fields.choice("_class_name", false, &class)?;
        let config = Self::shape(&mut fields, conditional)?;
        for (field, values) in fixed(conditional) {
            fields.only(field, &values)?;
        }
        fields.without(&["dropout", "num_train_timesteps", "upcast_attention"]);
        config.check(&fields)?;
        fields.finish()?;
        Ok(config)
    }

    fn shape(fields: &mut Fields, conditional: bool) -> Result<Self, ConfigError> {
        let channels = fields.wholes("block_out_channels", MOST_CHANNELS)?;
        let own = match conditional {
            false => vec![224, 448, 672, 896],
            true => vec![320, 640, 1280, 1280],
        };
        let channels = channels.unwrap_or(own);
        let count = channels.len();
        let embedding = fields.whole_if_any("time_embedding_dim", MOST_CHANNELS)?;
        let scale_shift = [("default", false), ("scale_shift", true)];
        let scale_shift = fields.choice("resnet_time_scale_shift", false, &scale_shift)?;
        let groups = fields.whole("norm_num_groups", 32, MOST_CHANNELS)?;
        let inputs = if conditional { 4 } else { 3 };
        let common = Self {
            sides: fields.sides("sample_size")?,
            inputs: fields.whole("in_channels", inputs, MOST_CHANNELS)?,
            outputs: fields.whole("out_channels", inputs, MOST_CHANNELS)?,
            centers_input: fields.flag("center_input_sample", false)?,
            cosines_first: fields.flag("flip_sin_to_cos", true)?,
            frequency_shift: fields.number("freq_shift", 0.0)?,
            embedding: embedding.unwrap_or(4 * channels[0]),
            padding: fields.one_of("downsample_padding", 1, &[0, 1])?,
            epsilon: fields.positive("norm_eps", 1e-5)?,
            groups,
            scale_shift,
            layers: vec![fields.whole("layers_per_block", 2, 64)?; count],
            middle_groups: None,
            linear_projection: false,
            heads: vec![1; count],
            depths: vec![1; count],
            down: Vec::new(),
            middle: None,
            up: Vec::new(),
            context: 0,
            channels,
        };
        match conditional {
            false => common.plain(fields),
            true => common.conditional(fields),
        }
    }

    /// What `UNet2DModel` says in its own way.
    fn plain(mut self, fields: &mut Fields) -> Result<Self, ConfigError> {
        use Mixing::{Attention, None as Nothing};
        let count = self.channels.len();
        let down = [("DownBlock2D", Nothing), ("AttnDownBlock2D", Attention)];
        let up = [("UpBlock2D", Nothing), ("AttnUpBlock2D", Attention)];
        let plain_first = |at: usize| if at == 0 { Nothing } else { Attention };
        let own: Vec<_> = (0..count).map(plain_first).collect();
        self.down = fields
            .choices("down_block_types", count, &down)?
            .unwrap_or(own.clone());
        let own = own.into_iter().rev().collect();
        self.up = fields.choices("up_block_types", count, &up)?.unwrap_or(own);
        let mixes = fields.flag("add_attention", true)?;
        self.middle = fields
            .present("mid_block_type", "UNetMidBlock2D")?
            .then_some(if mixes { Attention } else { Nothing });
        let own = (!self.scale_shift).then_some(self.groups);
        self.middle_groups = fields
            .whole_if_any("attn_norm_num_groups", MOST_CHANNELS)?
            .or(own);
        // Channels of a head here; without them there is one.
        if let Some(head) = fields.whole_or_null("attention_head_dim", 8, MOST_CHANNELS)? {
            let mixes = |at: usize| {
                let middle = at == count - 1 && self.middle == Some(Attention);
                middle || self.down[at] == Attention || self.up[count - 1 - at] == Attention
            };
            let mixing = (0..count).filter(|at| mixes(*at));
            for (at, channels) in mixing.map(|at| (at, self.channels[at])).collect::<Vec<_>>() {
                if channels % head != 0 {
                    let allowed = format!("a divisor of {channels} channels");
                    return Err(fields.refused("attention_head_dim", head, allowed));
                }
                self.heads[at] = channels / head;
            }
        }
        Ok(self)
    }

    /// What `UNet2DConditionModel` says in its own way.
    fn conditional(mut self, fields: &mut Fields) -> Result<Self, ConfigError> {
        use Mixing::{None as Nothing, Transformer};
        let count = self.channels.len();
        let down = [("DownBlock2D", Nothing), ("CrossAttnDownBlock2D", Transformer)];
        let up = [("UpBlock2D", Nothing), ("CrossAttnUpBlock2D", Transformer)];
        let plain_last = |at: usize| if at == count - 1 { Nothing } else { Transformer };
        let own: Vec<_> = (0..count).map(plain_last).collect();
        self.down = fields
            .choices("down_block_types", count, &down)?
            .unwrap_or(own.clone());
        let own = own.into_iter().rev().collect();
        self.up = fields.choices("up_block_types", count, &up)?.unwrap_or(own);
        fields.only("mid_block_type", &[json!("UNetMidBlock2DCrossAttn")])?;
        self.middle = Some(Transformer);
        self.context = fields.whole("cross_attention_dim", 1280, MOST_CHANNELS)?;
        self.linear_projection = fields.flag("use_linear_projection", false)?;
        self.depths = fields.whole_each("transformer_layers_per_block", 1, 64, count)?;
        // The number of heads here, whatever its name.
        self.heads = fields.whole_each("attention_head_dim", 8, MOST_CHANNELS, count)?;
        for (heads, channels) in self.heads.iter().zip(&self.channels) {
            if channels % heads != 0 {
                let allowed = format!("a number of heads that divides {channels} channels");
                return Err(fields.refused("attention_head_dim", heads, allowed));
            }
        }
        Ok(self)
    }

    fn check(&self, fields: &Fields) -> Result<(), ConfigError> {
        let divided = |groups: usize| self.channels.iter().find(|channels| *channels % groups != 0);
        if let Some(channels) = divided(self.groups) {
            let allowed = format!("a divisor of {channels} channels");
            return Err(fields.refused("norm_num_groups", self.groups, allowed));
        }
        let last = self.channels[self.channels.len() - 1];
        match self.middle_groups {
            Some(groups) if !last.is_multiple_of(groups) => {
                let allowed = format!("a divisor of {last} channels");
                Err(fields.refused("attn_norm_num_groups", groups, allowed))
            }
            _ => Ok(()),
        }
    }
}

/// Fields with the only values that are supported.
fn fixed(conditional: bool) -> Vec<(&'static str, Vec<Value>)> {
    let null = || vec![Value::Null];
    let mut all = vec![
        ("act_fn", vec![json!("silu"), json!("swish")]),
        ("time_embedding_type", vec![json!("positional")]),
        ("mid_block_scale_factor", vec![json!(1)]),
        ("class_embed_type", null()),
        ("num_class_embeds", null()),
    ];
    match conditional {
        false => all.extend([
            ("downsample_type", vec![json!("conv")]),
            ("upsample_type", vec![json!("conv")]),
        ]),
        true => all.extend([
            ("only_cross_attention", vec![json!(false)]),
            ("mid_block_only_cross_attention", vec![Value::Null, json!(false)]),
            ("reverse_transformer_layers_per_block", null()),
            ("encoder_hid_dim", null()),
            ("encoder_hid_dim_type", null()),
            ("num_attention_heads", null()),
            ("dual_cross_attention", vec![json!(false)]),
            ("addition_embed_type", null()),
            ("addition_time_embed_dim", null()),
            ("addition_embed_type_num_heads", vec![json!(64)]),
            ("resnet_skip_time_act", vec![json!(false)]),
            ("resnet_out_scale_factor", vec![json!(1)]),
            ("time_embedding_act_fn", null()),
            ("timestep_post_act", null()),
            ("time_cond_proj_dim", null()),
            ("conv_in_kernel", vec![json!(3)]),
            ("conv_out_kernel", vec![json!(3)]),
            ("projection_class_embeddings_input_dim", null()),
            ("attention_type", vec![json!("default")]),
            ("class_embeddings_concat", vec![json!(false)]),
            ("cross_attention_norm", null()),
        ]),
    }
    all
}

//! The rectifier networks of the paper, by name.

/// A network of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// What it is called, `data-hidden`.
    pub name: &'static str,
    /// Numbers an example.
    pub inputs: usize,
    /// Rectifiers of each hidden layer.
    pub hidden: &'static [usize],
    /// Classes.
    pub outputs: usize,
    /// What it is for.
    pub purpose: &'static str,
}

/// The networks of Glorot et al. 2011, section 4, and the one for the embedded data.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "glyphs-3x1000",
        inputs: 1024,
        hidden: &[1000, 1000, 1000],
        outputs: 62,
        purpose: "generated characters, 32x32",
    },
    Preset {
        name: "mnist-3x1000",
        inputs: 784,
        hidden: &[1000, 1000, 1000],
        outputs: 10,
        purpose: "handwritten digits, 28x28",
    },
    Preset {
        name: "cifar10-3x1000",
        inputs: 3072,
        hidden: &[1000, 1000, 1000],
        outputs: 10,
        purpose: "small photographs, 3x32x32",
    },
    Preset {
        name: "nistp-3x1000",
        inputs: 1024,
        hidden: &[1000, 1000, 1000],
        outputs: 62,
        purpose: "perturbed characters, 32x32",
    },
    Preset {
        name: "norb-4000-2000",
        inputs: 2048,
        hidden: &[4000, 2000],
        outputs: 6,
        purpose: "stereo pairs of toys, 2x32x32",
    },
    Preset {
        name: "text-1x5000",
        inputs: 5000,
        hidden: &[5000],
        outputs: 5,
        purpose: "stars of reviews from 5000 words",
    },
    Preset {
        name: "text-3x5000",
        inputs: 5000,
        hidden: &[5000, 5000, 5000],
        outputs: 5,
        purpose: "stars of reviews from 5000 words",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for (index, preset) in PRESETS.iter().enumerate() {
            assert!(
                PRESETS[..index]
                    .iter()
                    .all(|earlier| earlier.name != preset.name)
            );
        }
    }
}

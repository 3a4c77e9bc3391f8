//! A search for the nearest neighbour among a few known images, once by pixels and once by what the last hidden layer of a trained network
//! makes of them: the network was trained by others, the search learns nothing, and yet it errs far less.
//!
//! `cargo run --release -p features [KNOWN]` with KNOWN images a class, 5 where none is given.
use rectifier_data::{Batch, Examples};
use rectifier_glyphs::{CLASS_NAMES, Glyphs, Part};
use rectifier_infer::{Rows, SparseNetwork};

/// Images as rows of numbers, and their classes.
struct Rated {
    rows: Vec<f32>,
    width: usize,
    classes: Vec<u32>,
}

impl Rated {
    fn gather(set: &Glyphs) -> Result<Self, rectifier_data::DataError> {
        let mut batch = Batch::default();
        set.gather(&(0..set.len()).collect::<Vec<_>>(), &mut batch)?;
        Ok(Self {
            rows: batch.inputs,
            width: set.width(),
            classes: batch.labels,
        })
    }

    /// The same images as the network's last hidden layer has them, each scaled to length 1.
    fn through(&self, network: &SparseNetwork) -> Result<Self, rectifier_infer::InferError> {
        let trace = network.trace(Rows::Dense(&self.rows))?;
        let (width, mut rows) = match trace.hidden().last() {
            Some(layer) => (layer.units, layer.values.clone()),
            None => (self.width, self.rows.clone()),
        };
        for row in rows.chunks_mut(width) {
            let length = row
                .iter()
                .map(|x| x * x)
                .sum::<f32>()
                .sqrt()
                .max(f32::MIN_POSITIVE);
            row.iter_mut().for_each(|x| *x /= length);
        }
        Ok(Self {
            rows,
            width,
            classes: self.classes.clone(),
        })
    }

    /// The class of the row nearest to `row`.
    fn nearest(&self, row: &[f32]) -> Option<u32> {
        let distance = |known: &[f32]| {
            known
                .iter()
                .zip(row)
                .map(|(a, b)| (a - b) * (a - b))
                .sum::<f32>()
        };
        let known = self
            .rows
            .chunks(self.width)
            .map(distance)
            .zip(&self.classes);
        known
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, class)| *class)
    }

    /// The share of `asked` that gets a wrong class.
    fn error(&self, asked: &Self) -> f64 {
        let rows = asked.rows.chunks(asked.width).zip(&asked.classes);
        let wrong = rows
            .filter(|(row, class)| self.nearest(row) != Some(**class))
            .count();
        wrong as f64 / asked.classes.len() as f64
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let known: usize = std::env::args().nth(1).map_or(Ok(5), |word| word.parse())?;
    // Other images than those that the network was trained on.
    let of = |part, each: usize| Rated::gather(&Glyphs::split(7, part, each * CLASS_NAMES.len()));
    let (known, asked) = (of(Part::Valid, known)?, of(Part::Test, 10)?);
    let network = rectifier_zoo::get("glyphs/rectifier-3x1000")?.sparse()?;
    println!(
        "{} known images, {} asked",
        known.classes.len(),
        asked.classes.len()
    );
    println!("by pixels: error {:.1}%", 100.0 * known.error(&asked));
    let error = known.through(&network)?.error(&asked.through(&network)?);
    println!("by the last hidden layer: error {:.1}%", 100.0 * error);
    Ok(())
}

//! What the first layer looks for, as a picture.

use crate::ZooError;
use rectifier_data::{Sheet, draw};
use rectifier_model::ModelBytes;

/// Filters that are drawn at most.
const FILTERS: usize = 48;
/// Numbers that the filters of one row take side by side at most, before they are scaled.
const ROW: usize = 400;

/// The weights of first-layer units as a PNG file: of each unit the largest is white or, below 0, black, and 0 is grey. Units are
/// evenly spaced in the order of the size of their weights, the largest first. None for a network whose inputs are no picture, or
/// without a hidden layer.
///
/// # Errors
/// [`ZooError::Model`]; [`ZooError::Data`] for what cannot be drawn.
pub fn filters(model: &ModelBytes<'_>) -> Result<Option<Vec<u8>>, ZooError> {
    let card = model.card()?;
    let shape = card.data.shape.as_slice();
    let pictures = matches!(shape, [_, _] | [1..=3, _, _]);
    let (Some(&units), true) = (card.network.hidden.first(), pictures) else {
        return Ok(None);
    };
    let weights = model.weights("layers.0")?;
    let filter = |unit: usize| weights.iter().skip(unit).step_by(units);
    let largest = |unit: usize| filter(unit).fold(0.0f32, |most, weight| most.max(weight.abs()));
    let sizes: Vec<f32> = (0..units)
        .map(|unit| filter(unit).map(|weight| weight * weight).sum())
        .collect();
    let mut order: Vec<usize> = (0..units).collect();
    order.sort_by(|a, b| sizes[*b].total_cmp(&sizes[*a]).then(a.cmp(b)));
    let side = match shape {
        [2, _, across] => 2 * across,
        [.., across] => *across,
        [] => 1,
    };
    let columns = (ROW / side.max(1)).clamp(1, FILTERS.min(units));
    // Whole rows of them.
    let count = FILTERS.min(units) / columns * columns;
    let mut numbers = Vec::with_capacity(count * card.network.inputs);
    for place in 0..count {
        let unit = order[place * units / count];
        let scale = largest(unit).max(f32::MIN_POSITIVE);
        numbers.extend(filter(unit).map(|weight| weight / scale));
    }
    let sheet = Sheet {
        scale: 2,
        min: -1.0,
        max: 1.0,
        ..Sheet::new(columns)
    };
    Ok(Some(draw(&numbers, shape, &sheet)?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::forms::tests::model;
    use crate::with_card;
    use rectifier_model::Precision;

    #[test]
    fn filters_are_drawn_where_inputs_are_pictures() {
        let plain = model(Precision::F32);
        assert_eq!(filters(&plain).unwrap(), None);
        let mut card = plain.card().unwrap().clone();
        card.data.shape = vec![1, 1, 5];
        let picture = with_card(&plain, &card).unwrap();
        let picture = ModelBytes::from_bytes(picture, "picture").unwrap();
        let png = filters(&picture).unwrap().unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        // Six filters of 5 numbers, twice as large, two pixels apart.
        let width = u32::from_be_bytes(png[16..20].try_into().unwrap());
        assert_eq!(width, 6 * (2 * 5 + 2) + 2);
    }
}

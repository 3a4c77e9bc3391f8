//! Activations that exporters spell in several nodes, some of which take the same value.

use super::graph::{Chain, is_own, operand, other, result};
use crate::Activation;
use crate::numbers::double;
use rectifier_model::Unit;

/// Above so much, softplus is the number itself in single precision: e^-15 is less than half of its last digit.
const STEEP: f32 = 15.0;

/// The first node, what the nodes together compute, and what the result is called.
type Spelled = (usize, Activation, String);

impl Chain<'_> {
    /// What the nodes that `value` goes to are together, if that is an activation.
    pub(super) fn spelled(&mut self, value: &str) -> Option<Spelled> {
        let (activation, output, first) = match *self.consumers.get(value)?.as_slice() {
            [one] => {
                let (activation, output) = self.sharp_softplus(one, value)?;
                (activation, output, one)
            }
            [one, two] => {
                let found = self.gelu(value, one, two);
                let found = found.or_else(|| self.gelu(value, two, one));
                let found = found.or_else(|| self.guarded_softplus(value, &[one, two]));
                let (activation, output) = found.or_else(|| self.threshold(value, &[one, two]))?;
                (activation, output, one)
            }
            [one, two, three] => {
                let (activation, output) = self.guarded_softplus(value, &[one, two, three])?;
                (activation, output, one)
            }
            _ => return None,
        };
        Some((first, activation, output))
    }

    fn is(&self, number: usize, op: &str) -> bool {
        let node = &self.nodes[number];
        is_own(node.domain.as_deref())
            && node.op_type.as_deref() == Some(op)
            && node.attribute.is_empty()
    }

    /// The only one of the nodes that is `op`.
    fn among(&self, numbers: &[usize], op: &str) -> Option<usize> {
        let mut found = numbers
            .iter()
            .copied()
            .filter(|number| self.is(*number, op));
        let one = found.next()?;
        found.next().is_none().then_some(one)
    }

    /// The only node that takes `value`, if its operator is `op`.
    fn only(&self, value: &str, op: &str) -> Option<usize> {
        match self.consumers.get(value)?.as_slice() {
            &[one] if self.is(one, op) && value != self.output => Some(one),
            _ => None,
        }
    }

    fn constant(&mut self, name: &str) -> Option<f32> {
        match self.constants.contains(name) {
            true => self.constants.scalar(name).ok(),
            false => None,
        }
    }

    /// The number that `node` joins with `value`, if it is a constant.
    fn factor(&mut self, number: usize, value: &str) -> Option<f32> {
        let name = other(&self.nodes[number], value).to_string();
        self.constant(&name)
    }

    /// By how much `Softplus`, taken of `scaled`, was sharpened, if its result is divided by that; and what it is called then.
    fn divided(&mut self, softplus: usize, sharpness: f32) -> Option<String> {
        let smooth = result(&self.nodes[softplus]).to_string();
        let (back, same) = match self.only(&smooth, "Div") {
            Some(back) => {
                let factor = self.factor(back, &smooth)?;
                (
                    back,
                    operand(&self.nodes[back], 0) == smooth && factor == sharpness,
                )
            }
            None => {
                let back = self.only(&smooth, "Mul")?;
                let factor = self.factor(back, &smooth)?;
                (back, (factor * sharpness - 1.0).abs() < 1e-6)
            }
        };
        (same && sharpness > 0.0).then(|| result(&self.nodes[back]).to_string())
    }

    /// `Mul`, `Softplus` and `Div` of one number.
    fn sharp_softplus(&mut self, number: usize, value: &str) -> Option<(Activation, String)> {
        self.is(number, "Mul").then_some(())?;
        let sharpness = self.factor(number, value)?;
        let scaled = result(&self.nodes[number]).to_string();
        let softplus = self.only(&scaled, "Softplus")?;
        Some((sharp(sharpness), self.divided(softplus, sharpness)?))
    }

    /// Softplus as PyTorch's exporter spells it: where the scaled number is above 20, the number itself.
    fn guarded_softplus(&mut self, value: &str, takers: &[usize]) -> Option<(Activation, String)> {
        let choice = self.among(takers, "Where")?;
        let (sharpness, scaled) = match self.among(takers, "Mul") {
            Some(product) => {
                let scaled = result(&self.nodes[product]).to_string();
                (self.factor(product, value)?, scaled)
            }
            None => (1.0, value.to_string()),
        };
        let of_scaled = self.consumers.get(&scaled)?.clone();
        let softplus = self.among(&of_scaled, "Softplus")?;
        let greater = self.among(&of_scaled, "Greater")?;
        let smooth = match scaled == value {
            true => result(&self.nodes[softplus]).to_string(),
            false => self.divided(softplus, sharpness)?,
        };
        let expected = if scaled == value { [3, 3] } else { [2, 2] };
        let limit = operand(&self.nodes[greater], 1).to_string();
        let steep = operand(&self.nodes[greater], 0) == scaled && self.constant(&limit)? >= STEEP;
        let condition = result(&self.nodes[greater]).to_string();
        let joined = self.only(&condition, "Where") == Some(choice)
            && self.only(&smooth, "Where") == Some(choice)
            && self.nodes[choice].input == [condition, value.to_string(), smooth];
        let alone = [takers.len(), of_scaled.len()] == expected;
        (steep && joined && alone)
            .then(|| (sharp(sharpness), result(&self.nodes[choice]).to_string()))
    }

    /// A threshold as PyTorch's exporter spells it: where the number is not above it, 0.
    fn threshold(&mut self, value: &str, takers: &[usize]) -> Option<(Activation, String)> {
        let (choice, below) = (
            self.among(takers, "Where")?,
            self.among(takers, "LessOrEqual")?,
        );
        let condition = result(&self.nodes[below]).to_string();
        let (limit, zero) = (
            operand(&self.nodes[below], 1).to_string(),
            operand(&self.nodes[choice], 1).to_string(),
        );
        let threshold = self.constant(&limit)?;
        let fits = self.constant(&zero)? == 0.0
            && threshold >= 0.0
            && operand(&self.nodes[below], 0) == value
            && self.only(&condition, "Where") == Some(choice)
            && self.nodes[choice].input == [condition, zero, value.to_string()];
        let activation = Activation {
            unit: Unit::Rectifier,
            threshold: double(threshold),
        };
        fits.then(|| (activation, result(&self.nodes[choice]).to_string()))
    }

    /// The exact GELU: x over the root of 2, `Erf`, plus 1, times x and times 1/2 in either order. `inner` begins it, and `outer`
    /// takes x for the product.
    fn gelu(&mut self, value: &str, inner: usize, outer: usize) -> Option<(Activation, String)> {
        use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};
        let near = |found: Option<f32>, wanted: f32| {
            found.is_some_and(|found| (found - wanted).abs() < 1e-6)
        };
        let root = self.factor(inner, value);
        let scaled = match self.is(inner, "Div") && operand(&self.nodes[inner], 0) == value {
            true => near(root, SQRT_2),
            false => self.is(inner, "Mul") && near(root, FRAC_1_SQRT_2),
        };
        let name = |chain: &Self, number: usize| result(&chain.nodes[number]).to_string();
        let scaled = scaled.then(|| name(self, inner))?;
        let erf = name(self, self.only(&scaled, "Erf")?);
        let add = self.only(&erf, "Add")?;
        near(self.factor(add, &erf), 1.0).then_some(())?;
        let sum = name(self, add);
        let product = self.only(&sum, "Mul")?;
        let last = if product == outer {
            let product = name(self, product);
            let half = self.only(&product, "Mul")?;
            near(self.factor(half, &product), 0.5).then_some(half)?
        } else {
            let halved = self.is(outer, "Mul") && near(self.factor(outer, value), 0.5);
            let joined = self.only(&name(self, outer), "Mul") == Some(product);
            (halved && joined).then_some(product)?
        };
        Some((Activation::of(Unit::Gelu), name(self, last)))
    }
}

fn sharp(sharpness: f32) -> Activation {
    Activation::of(Unit::Softplus {
        sharpness: double(sharpness),
    })
}

//! One step on several devices at once: each takes the gradient of its share of the batch, on burn-train's workers.

use crate::TrainError;
use crate::descent::gradients;
use crate::share::{Costs, Share};
use burn::data::dataloader::{DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::module::{Module, ModuleDisplay};
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, ExecutionError, Tensor};
use burn_train::train::MultiDevicesTrainStep;
use burn_train::{InferenceStep, ItemLazy, TrainOutput, TrainStep};

/// What is done to one share with the module on the share's device: what is minimized, `[1]`, averaged over the share, and what
/// is to be known of it.
pub(crate) type Work<M> = Box<dyn FnOnce(&M, &Device) -> (Tensor<1>, Costs) + Send>;

/// Devices that take a module's gradient together.
pub(crate) struct Devices<M: Module + ModuleDisplay + 'static> {
    /// The first is where the module lies.
    devices: Vec<Device>,
    /// burn-train's workers, a thread a device. Each copies the module to its device for every step.
    workers: MultiDevicesTrainStep<Replica<M>>,
}

impl<M: Module + ModuleDisplay + 'static> Devices<M> {
    /// These devices, the first of them where the module lies; `None` for fewer than two, which need nothing of this.
    pub(crate) fn new(devices: &[Device]) -> Option<Self> {
        let autodiff: Vec<Device> = devices
            .iter()
            .map(|device| device.clone().autodiff())
            .collect();
        (devices.len() > 1).then(|| Self {
            devices: devices.to_vec(),
            workers: MultiDevicesTrainStep::new(&autodiff),
        })
    }

    /// The gradient of `factor` times what `work` minimizes, averaged over a batch of so many examples, on the first device; and
    /// what came of every share, in the batch's order.
    ///
    /// # Errors
    /// [`TrainError::Device`] for a worker that failed.
    pub(crate) fn gradients(
        &self,
        module: &M,
        examples: usize,
        factor: Option<f64>,
        mut work: impl FnMut(usize, Share) -> Work<M>,
    ) -> Result<(GradientsParams, Vec<Costs>), TrainError> {
        let mut shares = Share::split(examples, self.devices.len()).into_iter();
        let mut tasks: Vec<Box<dyn DataLoaderIterator<Task<M>>>> = Vec::new();
        for (place, device) in self.devices.iter().enumerate() {
            let task = shares.next().map(|share| Task {
                place,
                device: device.clone(),
                // The mean over the batch is the sum of the shares' means, each times its share of the examples.
                factor: factor.unwrap_or(1.0) * share.fraction(),
                work: work(place, share),
            });
            tasks.push(Box::new(Once(task)));
        }
        let replica = Replica {
            module: module.clone(),
        };
        let step = self.workers.step(&mut tasks, &replica);
        let (mut outputs, _) = step.map_err(TrainError::device)?;
        // They come in the order in which the devices are done; sums are made in the batch's, so that they are the same every time.
        outputs.sort_by_key(|output| output.output.item.place);
        let mut sum = GradientsAccumulator::new();
        let mut costs = Vec::with_capacity(outputs.len());
        for TrainOutput { grads, item } in outputs.into_iter().map(|output| output.output) {
            sum.accumulate(module, grads.to_device(&self.devices[0], module));
            costs.push(item.costs);
        }
        Ok((sum.grads(), costs))
    }
}

/// A module as burn-train's workers want to see it.
#[derive(Module, Debug)]
struct Replica<M: Module> {
    module: M,
}

/// A worker's part of a step.
struct Task<M> {
    place: usize,
    device: Device,
    factor: f64,
    work: Work<M>,
}

/// What came of it.
struct Done {
    place: usize,
    costs: Costs,
}

impl ItemLazy for Done {
    fn sync(self) -> Result<Self, ExecutionError> {
        Ok(self)
    }
}

impl<M: Module + ModuleDisplay + 'static> TrainStep for Replica<M> {
    type Input = Task<M>;
    type Output = Done;

    fn step(&self, task: Task<M>) -> TrainOutput<Done> {
        let (total, costs) = (task.work)(&self.module, &task.device);
        TrainOutput {
            grads: gradients(&self.module, total, Some(task.factor)),
            item: Done {
                place: task.place,
                costs,
            },
        }
    }
}

/// burn-train's workers ask for it; nothing here measures on them.
impl<M: Module + ModuleDisplay + 'static> InferenceStep for Replica<M> {
    type Input = Task<M>;
    type Output = Done;

    fn step(&self, task: Task<M>) -> Done {
        let (_, costs) = (task.work)(&self.module, &task.device);
        Done {
            place: task.place,
            costs,
        }
    }
}

/// The one task of a worker in a step, as burn-train's workers want it handed; none where the batch has fewer examples than there
/// are devices.
struct Once<T>(Option<T>);

impl<T> Iterator for Once<T> {
    type Item = Result<T, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl<T> DataLoaderIterator<T> for Once<T> {
    fn progress(&self) -> Progress {
        Progress::new(usize::from(self.0.is_none()), 1, None)
    }
}

//! A drawn digit through `rectifier-infer`, compiled to WebAssembly for a page.
//!
//! An instance of the module holds one network, so that what goes wrong in one touches no other, and one that is not needed any
//! more goes with its memory. Numbers go in and out by the instance's memory: the page asks for [`room`], writes, calls, and reads
//! at the addresses it is given, each good until the next call. Calls that can fail say so by 0, and [`text`] has the reason.
//!
//! | call | takes, from the room | leaves |
//! |---|---|---|
//! | [`open`] | a model file | its description, as text |
//! | [`set_threshold`] | | |
//! | [`look`] | points, two 32-bit floats each | [`picture`], [`values`], [`probabilities`], [`work`] |

pub mod network;
pub mod strokes;

use network::Viewer;
use std::cell::RefCell;

#[derive(Default)]
struct State {
    room: Vec<u8>,
    text: String,
    viewer: Option<Viewer>,
    values: Vec<f32>,
    work: Vec<f64>,
}

thread_local! {
    // A module without threads has one.
    static STATE: RefCell<State> = RefCell::default();
}

fn with<R>(call: impl FnOnce(&mut State) -> R) -> R {
    STATE.with(|state| call(&mut state.borrow_mut()))
}

/// 1 and what there is to say, or 0 and the reason.
fn told(state: &mut State, result: Result<String, String>) -> u32 {
    let (text, done) = match result {
        Ok(text) => (text, 1),
        Err(reason) => (reason, 0),
    };
    state.text = text;
    done
}

/// Room for `bytes` bytes; returns where it is.
#[unsafe(no_mangle)]
pub extern "C" fn room(bytes: usize) -> *mut u8 {
    with(|state| {
        state.room.clear();
        state.room.resize(bytes, 0);
        state.room.as_mut_ptr()
    })
}

/// Opens the model file in the room.
#[unsafe(no_mangle)]
pub extern "C" fn open() -> u32 {
    with(|state| {
        let file = std::mem::take(&mut state.room);
        let opened = Viewer::open(&file).map(|viewer| {
            let text = viewer.describe();
            state.viewer = Some(viewer);
            text
        });
        told(state, opened)
    })
}

/// Takes activations not above `threshold` for 0.
#[unsafe(no_mangle)]
pub extern "C" fn set_threshold(threshold: f64) -> u32 {
    with(|state| {
        let done = match &mut state.viewer {
            Some(viewer) => viewer.set_threshold(threshold).map(|()| String::new()),
            None => Err("no network is open".into()),
        };
        told(state, done)
    })
}

/// Looks at the drawing in the room.
#[unsafe(no_mangle)]
pub extern "C" fn look() -> u32 {
    with(|state| {
        let (points, _) = state.room.as_chunks::<4>();
        let points: Vec<f32> = points.iter().copied().map(f32::from_le_bytes).collect();
        let done = match &mut state.viewer {
            Some(viewer) => viewer.look(&points).map(|()| {
                state.values = viewer.values();
                state.work = viewer.work();
                String::new()
            }),
            None => Err("no network is open".into()),
        };
        told(state, done)
    })
}

/// Where the text is, UTF-8.
#[unsafe(no_mangle)]
pub extern "C" fn text() -> *const u8 {
    with(|state| state.text.as_ptr())
}

/// How many bytes it has.
#[unsafe(no_mangle)]
pub extern "C" fn text_length() -> usize {
    with(|state| state.text.len())
}

/// Where the picture is that the network saw: a byte a pixel, row by row.
#[unsafe(no_mangle)]
pub extern "C" fn picture() -> *const u8 {
    with(|state| {
        state
            .viewer
            .as_ref()
            .map_or(&[][..], Viewer::picture)
            .as_ptr()
    })
}

/// Where the activations of the hidden layers are, one layer after the other.
#[unsafe(no_mangle)]
pub extern "C" fn values() -> *const f32 {
    with(|state| state.values.as_ptr())
}

/// Where the probabilities of the classes are.
#[unsafe(no_mangle)]
pub extern "C" fn probabilities() -> *const f32 {
    with(|state| {
        state
            .viewer
            .as_ref()
            .map_or(&[][..], Viewer::probabilities)
            .as_ptr()
    })
}

/// Where the multiplications are: for each layer those made and those that skipping nothing takes.
#[unsafe(no_mangle)]
pub extern "C" fn work() -> *const f64 {
    with(|state| state.work.as_ptr())
}

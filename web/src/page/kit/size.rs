//! How much room an element has.

use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, ResizeObserver};
use yew::prelude::*;

/// The width of an element, CSS pixels, now and whenever it changes; 0 before the first look.
#[hook]
pub fn use_width(node: &NodeRef) -> f64 {
    let width = use_state_eq(|| 0.0);
    {
        let (node, width) = (node.clone(), width.setter());
        use_effect_with((), move |()| {
            let element: Option<Element> = node.cast();
            let watched = element.and_then(|element| {
                let of = element.clone();
                let look = Closure::<dyn FnMut(JsValue)>::new(move |_| {
                    width.set(of.get_bounding_client_rect().width())
                });
                let observer = ResizeObserver::new(look.as_ref().unchecked_ref()).ok()?;
                observer.observe(&element);
                Some((observer, look))
            });
            move || {
                if let Some((observer, look)) = watched {
                    observer.disconnect();
                    drop(look);
                }
            }
        });
    }
    *width
}

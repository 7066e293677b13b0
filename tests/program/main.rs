//! The native program as its user meets it: the real binary, its folders, messages and exit
//! codes.

mod broken;
mod folder;
mod input;
mod support;

//! TLS assessments of real servers on loopback: what is read off them is what they were told to offer.

mod openssl;
mod world;

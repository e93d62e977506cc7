"""What is written in C++: built when Hornbill is installed, and left out without a compiler."""

package main

// checksProgramName is the program that holds the checks which would make every run heavier.
const checksProgramName = "virgo-checks.exe"

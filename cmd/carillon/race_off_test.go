//go:build !race

package main

// raceDetector says that the program which tests start must watch for races too.
const raceDetector = false

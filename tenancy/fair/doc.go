// Package fair shares what a process has little of among the organizations that
// ask for it: in turns, so that a flood waits behind itself. A Queue orders what
// waits, Places bound how much runs at once. Whoever asks is named by a lane: an
// organization, or those who manage themselves below one.
package fair

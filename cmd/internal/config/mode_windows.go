package config

import "io/fs"

// checkPrivate does nothing: on Windows access control lists protect files, inherited from the folder
// %ProgramData%\virgo; the mode bits that Go reports do not show them.
func checkPrivate(string, fs.FileMode) error { return nil }

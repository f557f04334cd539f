package config

// A Key names a setting.
type Key struct {
	// Name is its key in the file; a dot stands before a nested one.
	Name string
	// Variable is the environment variable that overrides the file; empty if there is none.
	Variable string
}

// Keys returns the names of all settings.
func Keys() []Key {
	keys := make([]Key, len(settings))
	for i := range settings {
		keys[i] = Key{settings[i].key, settings[i].variable()}
	}
	return keys
}

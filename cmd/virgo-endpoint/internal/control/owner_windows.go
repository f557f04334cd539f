package control

import "os"

// giveToOwner has nothing to do: files inherit the access of their folder.
func giveToOwner(*os.File, string) error { return nil }

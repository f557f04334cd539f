// Package winetest is test support: it runs Windows programs, usually the test binary of a package,
// under Wine. Wine is not Windows, but shows more than a successful build.
//
//	winetest.RunTests(t, "TestFileShrinks|TestKilledWhileReplacing")
//
// builds the tests of the current package for Windows and runs those that match. Their temporary
// folders are on the Wine drive C:, everything else of this machine is Z:. Wine implements shared
// opening, locks and memory maps of files as Windows does; it does not enforce access lists against
// other users, because everything belongs to the one user who runs it.
package winetest

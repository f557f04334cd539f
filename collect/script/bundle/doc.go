// Package bundle has the scripts that are published with a release as the bundle "standard": one file of Lua for each
// type, its _test.lua beside it, and in testdata what the programs and kernels really said, of two versions each.
//
// The programs do not link it: it is built by `virgo bundle build`, signed by the holder of the release's key, and
// fetched or copied by whoever wants it.
package bundle

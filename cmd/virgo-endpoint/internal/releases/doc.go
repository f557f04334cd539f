// Package releases stores bundles and programs that were signed elsewhere, and says which agent gets which version.
//
// The data's way: Publish verifies what agents verify (signature by a key of the folder keys, form, name, a version that
// is newer than all of its name), writes the file, then channels.json, which says what each channel offers to whom.
//
// What can fail: another file of the same name and version, a signature or form that agents would refuse: nothing is
// stored. The owner sees it in `virgo-endpoint bundle status`. Who could abuse it: whoever takes the endpoint can
// withhold a version or offer an old one; agents refuse older ones, and nothing unsigned gets through.
package releases

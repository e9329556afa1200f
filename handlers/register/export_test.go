package register

// Basic gives the ids and secrets that a Basic credential can mean.
func Basic(encoded string) [][2]string {
	var all [][2]string
	for _, p := range basicPairs(encoded) {
		all = append(all, [2]string{p.id, p.secret})
	}
	return all
}

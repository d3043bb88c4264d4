package algorithm

import "carillon/core/command"

func events() command.Catalog { return nil }

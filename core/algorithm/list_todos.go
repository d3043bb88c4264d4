package algorithm

import "carillon/core/command"

func todos() command.Catalog { return nil }

from training.gate.fit import main

raise SystemExit(main())

from training.gauges.fit import main

raise SystemExit(main())

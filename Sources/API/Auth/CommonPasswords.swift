/// Words and keyboard runs that guessers begin with, collected by hand.
enum CommonPasswords {
    /// Rows and columns of the usual keyboards, digits and the alphabet.
    static let tracks = [
        "01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm",
        "azertyuiop", "qsdfghjklm", "wxcvbn", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p",
        "qazwsxedcrfvtgbyhnujm", "q1w2e3r4t5y6u7i8o9p0", "!@#$%^&*()", "147258369", "159753", "112233445566778899",
    ]

    /// Lower-case words; the rules see through digits, signs and look-alikes around them.
    static let words: Set<String> = Set(
        text.split(whereSeparator: \.isWhitespace).map(String.init))

    private static let text = """
        abc abcd access admin administrator ajax alex alexander alexandra allah amanda america andrea andrew
        android angel angela angelo angels anthony antonio anything apollo apple april arsenal asdasd asdf
        asdfgh ashley asshole athena athlete audi august austin australia autumn awesome azerty baby babyboy
        babygirl bailey banana barbara barbie barcelona baseball basketball batman bayern bear beatles beer
        bella bench benfica benjamin berlin besiktas best bestfriend bible bienvenue bitch black blahblah
        blessed blink blossom blue bmw bonjour boston boxing brandon brasil braves brazil broncos brother
        bubbles buddha buddy budweiser bulls bullshit bunny burger business buster butterfly california camaro
        cameron canada candy captain carlos carmen cash casino cat cats celtic celtics champion changeme
        charles charlie cheese chelsea chelseafc cherry cheyenne chicago chocolate christ christian christina
        christine christmas christopher ciao cinnamon claudia coach cock coco coffee college company compaq
        computer contrasena cookie cool corvette counterstrike cowboy cowboys crazy cricket crossfit crystal
        cubs cupcake daddy daisy dakota dallas dance dancer dancing daniel danielle database david deadlift
        december default demo demon dennis denver deutschland devil diamond dick disco dodgers dog doggy dogs
        dollar dolphin dominik donald dortmund dragon dream dreamer dreams drummer drums ducati duke eagle
        eagles earth easter elisabeth elizabeth elvis emily eminem emma england espana everton everything
        example fabian facebook faith falcon fall family fantasy father february fenerbahce ferrari fire fitai
        fitness florian florida flower flowers football forest forever fortnite france freedom friday friend
        friends frodo fuck fucker fuckoff fuckyou funny galatasaray gamer gaming gandalf garden garfield geheim
        genius george germany ghost giants ginger gmail god gold golden golf golfer goodbye goofy google great
        green greenday guest guinness guitar gym hallo halloween hannah happy hardcore harley harleydavidson
        harrypotter haslo hawk heaven heineken hell hello herbst hercules hiphop hobbit hockey hogwarts hola
        holiday honda honey hope horse hotmail hottie houston hunter ice idiot iloveu iloveyou india indonesia
        instagram inter internet iphone ireland ironman isabella istanbul italia jack jackson jaguar jake james
        january jasmine jason jazz jennifer jessica jesus jesuschrist john jordan joseph joshua julia juliana
        july june jupiter justin juventus karate karina katharina kawasaki killer king kitten kitty knight
        kristina lakers laura lemon leopard letmein letmeinnow letmeinplease liberty lightning lily linkedin
        linux lion liverpool liverpoolfc login london losenord lottery love lovely loveme lover loveyou lucky
        mackenzie madison madrid maggie magic mama manchester manutd march marcus maria mariana mario martin
        martina master matrix matthew max maximilian may melissa mercedes mercury metal metallica mexico
        michael michelle mickey microsoft milan minecraft minnie mohammed molly mommy monday money monika
        monkey monster moon moonlight moscow motdepasse mother mountain muffin muhammad murphy muscle music
        mustang myspace mysql mystery naked naruto natalia natalie natasha nathan nemesis network newyork
        nicholas nicolas nicole ninja nintendo nirvana nobody nokia nothing november ocean october office
        oliver olivia opensesame oracle orange orlando oscar packers pakistan panther papa paris parola pascal
        pass passe passw passwd password passwort patrick patriots paul peace peach peanut pepper perfect peter
        phantom philip philippines phillip phoenix piano pickle pikachu pink pizza platinum playboy player
        playstation please pokemon poker poland pony porsche porto postgres potter power powerlifting prince
        princesa princess princesse private public pumpkin punk puppy purple pussy qazwsx queen qweqwe qwert
        qwerty qwertz rabbit rachel raiders rainbow rangers realmadrid rebecca red redsox rich richard river
        robert roblox rocknroll rockstar rocky roma rome root rose roses rugby russia sabrina sadie salasana
        sam samantha sammy sample samsung samuel samurai sandra sarah satan saturday saturn savannah schalke
        school scooby scorpion scotland sebastian secret security senha september server sesame sexy sexybitch
        shadow shark shit sierra silly silver simon simpsons sister skater sky slipknot smile smiley snake
        snoopy snow soccer someone something sommer sonic sony sophia sophie sorry spider spiderman spring
        squat star starcraft stars startrek starwars steelers stefan stephanie steven storm strawberry strong
        student stupid sugar summer sunday sunflower sunshine super superman surfer susanne suzuki sweet
        sweetie sweety swimming taco teacher techno temp temporary tennis tequila test tester testing texas
        thankyou thomas thunder thursday tiger tigger tinkerbell titan tobias toby toshiba toyota trainer
        training trustno trustnoone tuesday turkey turtle twitter ubuntu unicorn united university user vampire
        vanessa vanilla venus veronica victoria vienna vietnam vincent violet vodka volkswagen volleyball
        wachtwoord warcraft warrior wasd water wednesday welcome whale whatever whiskey white william
        willkommen windows winner winnie winter wizard wolf work workout wrestling xbox yahoo yamaha yankees
        yellow youtube zaqwsx zelda zeus zombie zxcvbn zxcvbnm
        """
}
